package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/reports"
)

// query reads the parameters of a report. What is wrong with any of them is gathered,
// by name and with what is allowed.
type query struct {
	faults
	c echo.Context
}

// newQuery refuses parameters that the call does not have, those given twice, and a query
// that cannot be read whole: a filter that was misspelt must not answer with everything.
func newQuery(c echo.Context, allowed ...string) *query {
	q := &query{c: c}
	if _, err := url.ParseQuery(c.Request().URL.RawQuery); err != nil {
		q.add("query", "must be name=value pairs with & between them; %, & and ; within a value are written %25, %26 and %3B")
	}
	for name, values := range c.QueryParams() {
		switch {
		case !slices.Contains(allowed, name):
			q.add("query", "has a parameter that this call does not know; allowed: "+strings.Join(allowed, ", "))
		case len(values) > 1:
			q.add("query."+name, "must be given once")
		}
	}
	return q
}

// date reads a calendar date; the unset Date when it is not given.
func (q *query) date(name string) reports.Date {
	text := q.c.QueryParam(name)
	d, err := reports.ParseDate(text)
	if year, _, _ := d.Civil(); err != nil || text != "" && !knownYear(year) {
		q.add("query."+name, fmt.Sprintf("must be a date like 2024-12-31, from %d to %d", reports.FirstYear, reports.LastYear))
		return reports.Date{}
	}
	return d
}

func knownYear(year int) bool { return year >= reports.FirstYear && year <= reports.LastYear }

// id reads a UUID; "" when it is not given.
func (q *query) id(name string) string {
	text := q.c.QueryParam(name)
	if text != "" {
		q.faults.id("query."+name, text)
	}
	return text
}

// oneOf reads a code; "" when it is not given.
func (q *query) oneOf(name string, allowed ...string) string {
	text := q.c.QueryParam(name)
	if text != "" && !slices.Contains(allowed, text) {
		q.add("query."+name, "must be one of: "+strings.Join(allowed, ", "))
	}
	return text
}

// code reads one of the codes of a field.
func (q *query) code(name, table string) string {
	t := models.Tables.Table(table)
	return q.oneOf(name, t.Fields[t.Field(name)].Values...)
}

// sort reads a sort key of the services' list.
func (q *query) sort() string {
	key := q.c.QueryParam("sort")
	if key != "" && !slices.Contains(reports.SortKeys(), strings.TrimPrefix(key, "-")) {
		q.add("query.sort", `must be one of these, with "-" before it for the largest first: `+strings.Join(reports.SortKeys(), ", "))
	}
	return key
}

// year reads a required year.
func (q *query) year() int {
	year, err := strconv.Atoi(q.c.QueryParam("year"))
	if err != nil || !knownYear(year) {
		q.add("query.year", fmt.Sprintf("must be a year from %d to %d", reports.FirstYear, reports.LastYear))
	}
	return year
}

// The formats of an answer.
const (
	formatJSON   = "json"
	formatCSV    = "csv"
	formatXLSX   = "xlsx"
	formatNDJSON = "ndjson"
)

// format reads in which format to answer; JSON when it is not given.
func (q *query) format() string {
	return orElse(q.oneOf("format", formatJSON, formatCSV, formatXLSX), formatJSON)
}

// window reads from, to and as_of into a filter.
func (q *query) window() reports.Filter {
	f := reports.Filter{From: q.date("from"), To: q.date("to"), AsOf: q.date("as_of")}
	if !f.From.IsZero() && !f.To.IsZero() && f.From.After(f.To) {
		q.add("query.from", "must not be after to")
	}
	return f
}
