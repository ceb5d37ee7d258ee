package api

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/reports"
	"pursuit/sync"
)

// sheetRows is what one sheet of a workbook holds below its headings and notes.
const sheetRows = 1_048_000

// lineBuffer is how many bytes of lines are gathered before they are written.
const lineBuffer = 64 << 10

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
		switch format {
		case formatNDJSON:
			return s.exportLines(c, t, w)
		case formatCSV:
			return s.exportCSV(c, t, w)
		}
		var failed error
		table, err := exportTable(who, t, note, func(yield func([]any) bool) { failed = s.exportRows(c, t, yield) })
		if err != nil {
			return err
		}
		err = reports.WriteXLSX(w, table)
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

// visit hands an export's documents to a function. What is audited beside them, the
// query's parameters, was checked before.
func (s *Server) visit(c echo.Context, t *models.Table, visit func(doc []byte) error) error {
	return s.engine.Export(c.Request().Context(), actorOf(c), t, c.QueryParams(), visit)
}

// exportLines writes the rows as they travel, one JSON object a line.
func (s *Server) exportLines(c echo.Context, t *models.Table, w io.Writer) error {
	out := bufio.NewWriterSize(w, lineBuffer)
	err := s.visit(c, t, func(doc []byte) error {
		_, _ = out.Write(doc) // a fault stays, and the next write tells it
		return out.WriteByte('\n')
	})
	return errors.Join(err, out.Flush())
}

// exportCSV writes a line for each row, with a column for id, _v, _b and each field.
func (s *Server) exportCSV(c echo.Context, t *models.Table, w io.Writer) error {
	out, row := reports.NewCSV(w), newExportRow(t)
	for _, f := range row.fields {
		out.Text([]byte(f.Name))
	}
	if err := out.EndLine(); err != nil {
		return err
	}
	err := s.visit(c, t, func(doc []byte) error {
		row.read(doc)
		return row.line(out)
	})
	return errors.Join(err, out.Flush())
}

// errEnough ends an export whose reader wants no more rows.
var errEnough = errors.New("enough")

// exportRows yields the values of each row of a workbook.
func (s *Server) exportRows(c echo.Context, t *models.Table, yield func([]any) bool) error {
	rows, row := 0, newExportRow(t)
	err := s.visit(c, t, func(doc []byte) error {
		if rows++; rows > sheetRows {
			return models.Invalid("query.format", fmt.Sprintf("a workbook holds at most %d rows; take csv or ndjson", sheetRows))
		}
		row.read(doc)
		if !yield(row.cells()) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// kindOf is how a field's values look in a workbook.
func kindOf(f models.Field) reports.Kind {
	switch f.Type {
	case models.TypeID:
		return reports.Key
	case models.TypeInteger:
		return reports.Count
	case models.TypeNumber:
		return reports.Exact
	case models.TypeDate:
		return reports.Day
	case models.TypeTimestamp:
		return reports.Moment
	case models.TypeBool:
		return reports.Flag
	case models.TypeText:
		if f.MaxLength > models.TextMax {
			return reports.Sentence
		}
	}
	return reports.Text
}

// exportTable is a workbook's sheet with a column for id, _v, _b and each field, under
// their names, and moments in the program's time.
func exportTable(who models.Actor, t *models.Table, note string, rows iter.Seq[[]any]) (reports.Table, error) {
	zone, err := time.LoadLocation(who.TimeZone)
	if err != nil {
		return reports.Table{}, fmt.Errorf("read the program's time zone: %w", err)
	}
	out := reports.Table{Name: t.Name, Title: "Export of " + t.Name, Zone: zone, Rows: rows,
		Subtitle: "Every row that you may see; times are those of " + zone.String(), Notes: []string{note}}
	for _, f := range newExportRow(t).fields {
		out.Columns = append(out.Columns, reports.TableColumn{Name: f.Name, Heading: f.Name, Kind: kindOf(f)})
	}
	return out, nil
}
