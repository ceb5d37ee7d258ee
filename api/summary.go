package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/reports"
)

// summary is GET /v1/reports/summary (docs/domain.md, section 4).
func (s *Server) summary(c echo.Context) error {
	q := newQuery(c, "year", "as_of", "format", "frozen")
	frozen, format, asOf, year := q.id("frozen"), q.format(), q.date("as_of"), 0
	if _, given := q.given("year"); given || frozen == "" { // a kept summary knows its year
		year = q.year()
	}
	if err := q.err(); err != nil {
		return err
	}
	if frozen != "" {
		return s.frozenSummary(c, q, frozen, format, year, asOf)
	}
	if err := s.audited(c, "report.summary"); err != nil {
		return err
	}
	found, err := s.reports.Summary(c.Request().Context(), actorOf(c), year, asOf)
	if err != nil {
		return err
	}
	switch format {
	case formatJSON:
		return c.JSON(http.StatusOK, found)
	case formatCSV:
		return tables(c, summaryName(year), format, reports.SummaryTable(found))
	}
	book, err := reports.SummaryBook(found)
	if err != nil {
		return err
	}
	return tables(c, summaryName(year), format, book...)
}

func summaryName(year int) string { return fmt.Sprintf("summary-%d", year) }

// frozenSummary answers a kept summary as it was, and what came late for it. It has one
// year and one date: who asks for others asks for another summary.
func (s *Server) frozenSummary(c echo.Context, q *query, id, format string, year int, asOf reports.Date) error {
	found, err := s.reports.Frozen(c.Request().Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	if year != 0 && year != found.Year {
		q.add("query.year", fmt.Sprintf("must be left out or be the kept summary's: %d", found.Year))
	}
	if !asOf.IsZero() && asOf != found.AsOf {
		q.add("query.as_of", fmt.Sprintf("must be left out or be the kept summary's: %s", found.AsOf))
	}
	if err := q.err(); err != nil {
		return err
	}
	if err := s.audited(c, "report.frozen", id); err != nil {
		return err
	}
	switch format {
	case formatCSV:
		return kept(c, found.CSV, format)
	case formatXLSX:
		return kept(c, found.XLSX, format)
	}
	body := bytes.TrimSuffix(bytes.TrimSpace(found.Summary), []byte("}"))
	body = append(bytes.Clone(body), fmt.Sprintf(`,"frozen":%q,"frozen_at":%q,"late":`, id, models.FormatTime(found.At))...)
	body = append(appendJSON(body, found.Late), '}')
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, body)
}

func kept(c echo.Context, content []byte, format string) error {
	return file(c, "summary-frozen", format, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

type freezeBody struct {
	Year int     `json:"year"`
	AsOf *string `json:"as_of"` // null: today
}

func (b *freezeBody) wanted(member string) string {
	if member == "year" {
		return yearWanted()
	}
	return dateWanted()
}

func (b *freezeBody) check(f *faults) {
	if !knownYear(b.Year) {
		f.add("body.year", yearWanted())
	}
	if b.AsOf != nil {
		if _, ok := readDate(*b.AsOf); !ok {
			f.add("body.as_of", dateWanted())
		}
	}
}

// freezeSummary is POST /v1/reports/summary/freeze.
func (s *Server) freezeSummary(c echo.Context) error {
	if err := newQuery(c).err(); err != nil {
		return err
	}
	in, err := decode[freezeBody](c)
	if err != nil {
		return err
	}
	var asOf reports.Date
	if in.AsOf != nil {
		asOf, _ = readDate(*in.AsOf) // checked
	}
	id, err := s.reports.Freeze(c.Request().Context(), actorOf(c), in.Year, asOf)
	if err != nil {
		return err
	}
	if err := s.audited(c, "report.freeze", id); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, map[string]string{"id": id})
}

// publishedCheck is GET /v1/reports/published-check.
func (s *Server) publishedCheck(c echo.Context) error {
	q := newQuery(c, "year", "format")
	year, format := q.year(), q.format()
	if err := q.err(); err != nil {
		return err
	}
	p, known, err := reports.PublishedCheck(year)
	if err != nil {
		return err
	}
	if !known {
		return models.Invalid("query.year", "must be 2024, the one year whose printed report is known")
	}
	if err := s.audited(c, "report.published"); err != nil {
		return err
	}
	if format != formatJSON {
		return tables(c, "published-"+strconv.Itoa(year), format, reports.DisagreementsTable(p))
	}
	return c.JSON(http.StatusOK, p)
}

// incidentBody enters counts: null for one that is not known; one that is left out stays.
type incidentBody struct {
	InjuryFatalShootings given[int64] `json:"injury_fatal_shootings"`
	ShootingIncidents    given[int64] `json:"shooting_incidents"`
}

func (b *incidentBody) wanted(string) string {
	return fmt.Sprintf("must be a whole number from 0 to %d, or null when not known", reports.MaxIncidents)
}

func (b *incidentBody) check(f *faults) {
	if !b.InjuryFatalShootings.sent && !b.ShootingIncidents.sent {
		f.add("body", "must have injury_fatal_shootings, shooting_incidents or both")
	}
	for name, count := range map[string]*int64{"injury_fatal_shootings": b.InjuryFatalShootings.value, "shooting_incidents": b.ShootingIncidents.value} {
		if count != nil && (*count < 0 || *count > reports.MaxIncidents) {
			f.add("body."+name, b.wanted(name))
		}
	}
}

// putIncidentCount is PUT /v1/incident-counts/{year}/{month}.
func (s *Server) putIncidentCount(c echo.Context) error {
	if err := newQuery(c).err(); err != nil {
		return err
	}
	in, err := decode[incidentBody](c)
	if err != nil {
		return err
	}
	var f faults
	year, err := strconv.Atoi(c.Param("year"))
	if err != nil || !knownYear(year) {
		f.add("path.year", yearWanted())
	}
	month, err := strconv.Atoi(c.Param("month"))
	if err != nil || month < 1 || month > 12 {
		f.add("path.month", "must be a month from 1 to 12")
	}
	if err := f.err(); err != nil {
		return err
	}
	stands, err := s.reports.PutIncidentCount(c.Request().Context(), actorOf(c), year, month,
		reports.Entered{Sent: in.InjuryFatalShootings.sent, Count: in.InjuryFatalShootings.value},
		reports.Entered{Sent: in.ShootingIncidents.sent, Count: in.ShootingIncidents.value})
	if err != nil {
		return err
	}
	entered := map[string]int{"year": year, "month": month}
	if err := s.engine.Audit(c.Request().Context(), actorOf(c), "incident_counts.put", entered); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"year": year, "month": month,
		"injury_fatal_shootings": stands.InjuryFatalShootings, "shooting_incidents": stands.ShootingIncidents})
}
