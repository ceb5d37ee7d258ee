package demo

import (
	"time"

	"pursuit/models"
)

// day counts the days of the year from Monday, 1 January 2024, which is 0. That the
// year begins on a Monday makes weeks a matter of division.
type day int

// moment counts the minutes of the wall clock from the first midnight of the year.
// The plan never uses an hour that daylight-saving time skips or repeats.
type moment int

const (
	minutesADay = 24 * 60
	daysAWeek   = 7

	wednesday = 2
	thursday  = 3
	friday    = 4
	sunday    = 6

	lastDay      day = 365 // 31 December 2024, a Tuesday
	lastTurn     day = 358 // no case turns after 24 December: every phone has synced by the end
	workStart        = 8 * 60
	workEnd          = 20 * 60
	workerSync       = 20*60 + 30 // a worker's phone syncs on Sunday evening
	officeSync       = 17*60 + 30 // case managers and supervisors sync on Friday afternoon
	assignHour       = 9*60 + 15
	mondayHour       = 8*60 + 30
	reviewHour       = 11*60 + 45
	referHour        = 15*60 + 15
	partnerHour      = 10 * 60
	outreachHour     = 13 * 60
	meetingHour      = 16 * 60
)

func (d day) at(minute int) moment { return moment(int(d)*minutesADay + minute) }
func (d day) weekday() int         { return int(d) % daysAWeek }
func (d day) monday() day          { return d - d%daysAWeek }

// workday is d, or the Monday after when d lies on a weekend.
func (d day) workday() day {
	if d.weekday() > friday {
		return d.monday() + daysAWeek
	}
	return d
}

func (d day) time() time.Time { return time.Date(Year, time.January, 1+int(d), 0, 0, 0, 0, time.UTC) }
func (d day) date() string    { return d.time().Format(models.DateLayout) }

// firstOf is the first day of a month of the year, 1 to 13.
func firstOf(month int) day {
	first := time.Date(Year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	return day(first.YearDay() - 1 + 366*(first.Year()-Year)) // 2024 has 366 days
}

func (m moment) day() day    { return day(int(m) / minutesADay) }
func (m moment) minute() int { return int(m) % minutesADay }

// fieldSync is when a worker's phone next syncs after m.
func (m moment) fieldSync() moment {
	return min(m.day().monday()+sunday, lastDay).at(workerSync)
}

// officeSync is when somebody with a desk next syncs after m.
func (m moment) officeSync() moment {
	next := (m.day().monday() + friday).at(officeSync)
	if next < m {
		next += daysAWeek * minutesADay
	}
	return min(next, lastDay.at(officeSync))
}

// calendar turns the plan's wall clock into instants.
type calendar struct{ zone *time.Location }

func (c calendar) instant(m moment) time.Time {
	return time.Date(Year, time.January, 1+int(m.day()), 0, m.minute(), 0, 0, c.zone).UTC()
}

func (c calendar) stamp(m moment) string { return models.FormatTime(c.instant(m)) }
