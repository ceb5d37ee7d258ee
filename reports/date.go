package reports

import (
	"fmt"
	"time"
)

// secondsPerDay is the length of a day in UTC, where dates are numbered.
const secondsPerDay = 24 * 60 * 60

// dayBeforeFirst is the Unix second of 0000-12-31, so that 0001-01-01 has number 1 and 0 stays
// free for "unset".
const dayBeforeFirst = -62135596800 - secondsPerDay

// Date is a calendar date without a time or a zone. The zero Date is unset; dates compare and
// subtract as whole days.
type Date struct{ n int32 }

// NewDate makes a date; a day or month out of range is normalised like time.Date does.
func NewDate(year int, month time.Month, day int) Date {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return Date{n: int32((t.Unix() - dayBeforeFirst) / secondsPerDay)}
}

// ParseDate reads YYYY-MM-DD. The empty text is the unset date.
func ParseDate(text string) (Date, error) {
	if text == "" {
		return Date{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("parse date: not of the form YYYY-MM-DD")
	}
	return NewDate(t.Date()), nil
}

// DateOf returns the calendar date of an instant in a zone; the unset date for the zero time.
func DateOf(t time.Time, zone *time.Location) Date {
	if t.IsZero() {
		return Date{}
	}
	return NewDate(t.In(zone).Date())
}

// IsZero reports whether the date is unset.
func (d Date) IsZero() bool { return d.n == 0 }

// Before reports whether d is an earlier date than other.
func (d Date) Before(other Date) bool { return d.n < other.n }

// After reports whether d is a later date than other.
func (d Date) After(other Date) bool { return d.n > other.n }

// Plus returns the date some days later, or earlier when days is negative.
func (d Date) Plus(days int) Date { return Date{n: d.n + int32(days)} }

// Sub returns the days from other to d.
func (d Date) Sub(other Date) int { return int(d.n - other.n) }

// Civil returns year, month and day.
func (d Date) Civil() (int, time.Month, int) { return d.utc().Date() }

// Monday returns the first day of the date's week. Weeks run Monday to Sunday.
func (d Date) Monday() Date {
	// 0001-01-01, number 1, was a Monday.
	return Date{n: d.n - (d.n-1)%7}
}

// Start returns the first instant of the date in a zone. Where a clock change removes
// midnight it is the moment of the change; where midnight comes twice, the first of them.
func (d Date) Start(zone *time.Location) time.Time {
	year, month, day := d.Civil()
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	since, until := t.ZoneBounds()
	if DateOf(t, zone).Before(d) {
		return until
	}
	if since.IsZero() {
		return t
	}
	_, now := t.Zone()
	_, earlier := since.Add(-time.Second).Zone()
	first := t.Add(-time.Duration(earlier-now) * time.Second)
	if earlier > now && first.Before(since) && DateOf(first, zone) == d {
		return first
	}
	return t
}

// End returns the first instant after the date in a zone: what "the end of that day" means.
func (d Date) End(zone *time.Location) time.Time { return d.Plus(1).Start(zone) }

// String is YYYY-MM-DD, or nothing when unset.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format(time.DateOnly)
}

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

func (d Date) utc() time.Time {
	return time.Unix(int64(d.n)*secondsPerDay+dayBeforeFirst, 0).UTC()
}
