package cadence

import (
	"fmt"
	"time"
)

// Date is a calendar date without a zone. The zero Date means "none".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// transitionWindow reaches past every offset in use (UTC-12 to UTC+14) on either
// side of a wall time, so that the offsets before and after a clock change are both
// seen.
const transitionWindow = 26 * time.Hour

const dateLayout = "2006-01-02"

// ParseDate reads "YYYY-MM-DD".
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(dateLayout, text)
	if err != nil {
		return Date{}, fmt.Errorf("a date must be written YYYY-MM-DD")
	}
	return dateOf(t), nil
}

// DateIn gives the calendar date that a wall calendar in zone shows at t.
func DateIn(t time.Time, zone *time.Location) Date {
	return dateOf(t.In(zone))
}

func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// String writes YYYY-MM-DD.
func (d Date) String() string { return d.utc().Format(dateLayout) }

// IsZero tells whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Before tells whether d is earlier than other.
func (d Date) Before(other Date) bool {
	if d.Year != other.Year {
		return d.Year < other.Year
	}
	if d.Month != other.Month {
		return d.Month < other.Month
	}
	return d.Day < other.Day
}

// AddDays moves by whole calendar days.
func (d Date) AddDays(days int) Date { return dateOf(d.utc().AddDate(0, 0, days)) }

// AddMonths moves by whole calendar months. A day that the month lacks becomes the
// month's last one: 30 September plus five months is the end of February.
func (d Date) AddMonths(months int) Date {
	first := Date{Year: d.Year, Month: d.Month, Day: 1}.utc().AddDate(0, months, 0)
	last := dateOf(first.AddDate(0, 1, -1))
	return Date{Year: last.Year, Month: last.Month, Day: min(d.Day, last.Day)}
}

// Monday gives the Monday on or before d.
func (d Date) Monday() Date {
	sinceMonday := (int(d.utc().Weekday()) + 6) % 7
	return d.AddDays(-sinceMonday)
}

// weekend tells Saturday and Sunday.
func (d Date) weekend() bool {
	day := d.utc().Weekday()
	return day == time.Saturday || day == time.Sunday
}

func (d Date) utc() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// At gives the instant, in UTC, at which a wall clock in zone shows clock (time
// since midnight) on d.
//
// A wall time that is shown twice (clocks went back) means the first time; one that
// is never shown (clocks went forward) means the instant of the change. So At never
// goes backwards when clock grows.
func (d Date) At(clock time.Duration, zone *time.Location) time.Time {
	wall := d.utc().Add(clock)
	before := wall.Add(-offset(wall.Add(-transitionWindow), zone))
	after := wall.Add(-offset(wall.Add(transitionWindow), zone))
	first, second := before, after
	if second.Before(first) {
		first, second = second, first
	}
	for _, t := range [...]time.Time{first, second} {
		if t.Add(offset(t, zone)).Equal(wall) {
			return t
		}
	}
	change, _ := second.In(zone).ZoneBounds()
	if change.IsZero() {
		return second
	}
	return change.UTC()
}

// clockIn gives the time since midnight that a wall clock in zone shows at t.
func clockIn(t time.Time, zone *time.Location) time.Duration {
	local := t.In(zone)
	return time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
}

// offset gives how far a wall clock in zone is ahead of UTC at t.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// addBusinessDays moves by days that are no Saturday or Sunday, keeping the wall
// clock. From a weekend the first business day is Monday. Public holidays count as
// business days: a program that closes on one says so by its settings.
func addBusinessDays(t time.Time, days int, zone *time.Location) time.Time {
	date := DateIn(t, zone)
	for left := days; left > 0; {
		date = date.AddDays(1)
		if !date.weekend() {
			left--
		}
	}
	return date.At(clockIn(t, zone), zone)
}
