package api

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/tidwall/gjson"

	"pursuit/models"
	"pursuit/reports"
	"pursuit/sync"
)

// sheetRows is what one sheet of a workbook holds below its headings and notes.
const sheetRows = 1_048_000

// headerLeftOut tells in words what an export does not hold.
const headerLeftOut = "Pursuit-Left-Out"

// export is GET /v1/export/{table}: every row that the caller's device would hold.
func (s *Server) export(c echo.Context) error {
	q := newQuery(c, "format")
	format := orElse(q.oneOf("format", formatCSV, formatXLSX, formatNDJSON), formatCSV)
	t := models.Tables.Table(c.Param("table"))
	if t == nil {
		q.add("path.table", "must be one of: "+strings.Join(tableNames(), ", "))
	}
	if err := q.err(); err != nil {
		return err
	}
	who := actorOf(c)
	if !sync.MayExport(who, t) {
		return models.Forbidden("This table is withheld from your role.")
	}
	note := leftOut(who)
	c.Response().Header().Set(headerLeftOut, note)
	return file(c, t.Name, format, func(w io.Writer) error {
		if format == formatNDJSON {
			return s.exportLines(c, t, w)
		}
		var failed error
		table := exportTable(t, note, func(yield func([]any) bool) { failed = s.exportRows(c, t, format, yield) })
		err := writeTables(w, format, table)
		return errors.Join(failed, err)
	})
}

func tableNames() []string {
	var out []string
	for _, t := range models.Tables.Tables {
		out = append(out, t.Name)
	}
	return out
}

// leftOut says what an export of the caller's role does not hold.
func leftOut(who models.Actor) string {
	out := "Left out: deleted rows"
	switch who.Role {
	case models.RoleOutreachWorker, models.RoleCaseManager:
		out += "; rows of services and persons that are not yours"
	case models.RoleSupervisor:
		out += "; rows that your organisation does not hold"
	default:
		out += "; everything about persons and services"
	}
	var withheld []string
	for _, t := range models.Tables.Tables {
		if !sync.MayExport(who, t) {
			withheld = append(withheld, t.Name)
		}
	}
	if len(withheld) > 0 {
		out += "; the tables " + strings.Join(withheld, ", ")
	}
	return out
}

// exportLines writes the rows as they travel, one JSON object a line.
func (s *Server) exportLines(c echo.Context, t *models.Table, w io.Writer) error {
	return s.engine.Export(c.Request().Context(), actorOf(c), t, s.exported(c), func(doc gjson.Result) error {
		_, err := io.WriteString(w, doc.Raw+"\n")
		return err
	})
}

// exported records which rows an export hands out.
func (s *Server) exported(c echo.Context) func(ids []string) error {
	return func(ids []string) error { return s.audited(c, "export."+c.Param("table"), ids...) }
}

// errEnough ends an export whose reader wants no more rows.
var errEnough = errors.New("enough")

func (s *Server) exportRows(c echo.Context, t *models.Table, format string, yield func([]any) bool) error {
	rows := 0
	err := s.engine.Export(c.Request().Context(), actorOf(c), t, s.exported(c), func(doc gjson.Result) error {
		if rows++; format == formatXLSX && rows > sheetRows {
			return models.Invalid("query.format", fmt.Sprintf("a workbook holds at most %d rows; take csv or ndjson", sheetRows))
		}
		if !yield(exportValues(t, doc)) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// exportTable has a column for id, _v, _b and each field, under their names.
func exportTable(t *models.Table, note string, rows func(yield func([]any) bool)) reports.Table {
	columns := []reports.TableColumn{{Name: "id", Heading: "id"}, {Name: "_v", Heading: "_v", Kind: reports.Count}, {Name: "_b", Heading: "_b"}}
	kinds := map[models.Type]reports.Kind{models.TypeInteger: reports.Count, models.TypeNumber: reports.Decimal,
		models.TypeDate: reports.Day, models.TypeTimestamp: reports.Moment, models.TypeBool: reports.Flag}
	for _, f := range t.Fields {
		columns = append(columns, reports.TableColumn{Name: f.Name, Heading: f.Name, Kind: kinds[f.Type]})
	}
	return reports.Table{Name: t.Name, Title: t.Name, Subtitle: note, Columns: columns, Rows: rows, Notes: []string{note}}
}

// exportValues turns a row's document into the values of its columns. Lists and
// objects stay JSON.
func exportValues(t *models.Table, doc gjson.Result) []any {
	out := []any{doc.Get("id").Str, int(doc.Get("_v").Int()), doc.Get("_b").Str}
	values := make(map[string]gjson.Result, len(t.Fields))
	doc.ForEach(func(key, value gjson.Result) bool {
		values[key.Str] = value
		return true
	})
	for _, f := range t.Fields {
		out = append(out, exportValue(f.Type, values[f.Name]))
	}
	return out
}

func exportValue(kind models.Type, v gjson.Result) any {
	if !v.Exists() || v.Type == gjson.Null {
		return nil
	}
	switch kind {
	case models.TypeInteger:
		return int(v.Int())
	case models.TypeNumber:
		return v.Float()
	case models.TypeBool:
		return v.Bool()
	case models.TypeDate:
		if d, err := reports.ParseDate(v.Str); err == nil {
			return d
		}
	case models.TypeTimestamp:
		if at, ok := models.ParseTime(v.Str); ok {
			return at
		}
	case models.TypeTextList, models.TypeFactors, models.TypeObject, models.TypeAny:
		return v.Raw
	}
	return v.Str
}
