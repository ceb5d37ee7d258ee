package reports

import (
	"fmt"
	"time"

	"pursuit/models"
)

// partnerDate is the one date that a referral partner reads a year as of: its last day.
// Two dates of one year would give, by subtraction, the months between them, and so the
// small cells that the totals withhold, or what became of one person. A year that goes on
// answers as of the day before it, with nothing counted and everything withheld.
//
// Errors: invalid_request for another asOf; an unset one is fine.
// Source: docs/adr/0011-partner-totals.md.
func partnerDate(year int, asOf, today Date) (Date, error) {
	last := NewDate(year, time.December, 31)
	if !asOf.IsZero() && asOf != last {
		return Date{}, models.Invalid("query.as_of", fmt.Sprintf("must be %s or left out: partners read a whole year, once it is over", last))
	}
	if !today.After(last) {
		return NewDate(year-1, time.December, 31), nil
	}
	return last, nil
}
