package api

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
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

// faultsListed bounds what is told of one request, and so the answer to a hostile one.
const faultsListed = 20

// plainName is how names look that are told back: as this API's own do, so that what somebody
// put in the place of a name by mistake is not repeated.
var plainName = regexp.MustCompile(`^[a-z_]{1,32}$`)

// newQuery refuses parameters that the call does not have and those given twice: a filter
// that was misspelt must not answer with everything.
func newQuery(c echo.Context, allowed ...string) *query {
	q := &query{c: c}
	params, these := c.QueryParams(), "allowed: "+strings.Join(allowed, ", ")
	if len(allowed) == 0 {
		these = "it takes none"
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if len(q.faults) == faultsListed {
			break
		}
		switch known := slices.Contains(allowed, name); {
		case !known && plainName.MatchString(name):
			q.add("query."+name, "is not a parameter of this call; "+these)
		case !known:
			q.add("query", "has a parameter that this call does not know; "+these)
		case len(params[name]) > 1:
			q.add("query."+name, "must be given once")
		}
	}
	return q
}

// readWhole refuses a query that cannot be read whole: what stands in the unreadable part
// must not count as not asked.
func readWhole(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if raw := c.Request().URL.RawQuery; raw != "" {
			if _, err := url.ParseQuery(raw); err != nil {
				return models.Invalid("query", "must be name=value pairs with & between them; %, & and ; within a value are written %25, %26 and %3B")
			}
		}
		return next(c)
	}
}

// given tells a parameter's value and whether it is there: an empty one is, and is read
// like any other.
func (q *query) given(name string) (string, bool) {
	return q.c.QueryParam(name), q.c.QueryParams().Has(name)
}

// date reads a calendar date; the unset Date when it is not given.
func (q *query) date(name string) reports.Date {
	text, given := q.given(name)
	if !given {
		return reports.Date{}
	}
	d, ok := readDate(text)
	if !ok {
		q.add("query."+name, dateWanted())
	}
	return d
}

// readDate reads a date of a year that reports know.
func readDate(text string) (reports.Date, bool) {
	d, err := reports.ParseDate(text)
	if year, _, _ := d.Civil(); err != nil || !knownYear(year) {
		return reports.Date{}, false
	}
	return d, true
}

func dateWanted() string {
	return fmt.Sprintf("must be a date like 2024-12-31, from %d to %d", reports.FirstYear, reports.LastYear)
}

func yearWanted() string {
	return fmt.Sprintf("must be a year from %d to %d", reports.FirstYear, reports.LastYear)
}

func knownYear(year int) bool { return year >= reports.FirstYear && year <= reports.LastYear }

// id reads a UUID; "" when it is not given.
func (q *query) id(name string) string {
	text, given := q.given(name)
	if given {
		q.faults.id("query."+name, text)
	}
	return text
}

// oneOf reads a code; "" when it is not given.
func (q *query) oneOf(name string, allowed ...string) string {
	text, given := q.given(name)
	if given && !slices.Contains(allowed, text) {
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
	key, given := q.given("sort")
	if given && !slices.Contains(reports.SortKeys(), strings.TrimPrefix(key, "-")) {
		q.add("query.sort", `must be one of these, with "-" before it for the largest first: `+strings.Join(reports.SortKeys(), ", "))
	}
	return key
}

// year reads a required year.
func (q *query) year() int {
	year, err := strconv.Atoi(q.c.QueryParam("year"))
	if err != nil || !knownYear(year) {
		q.add("query.year", yearWanted())
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
