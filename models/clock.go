package models

import "time"

// TimeLayout is how timestamps travel: RFC 3339 in UTC with milliseconds.
const TimeLayout = "2006-01-02T15:04:05.000Z"

// DateLayout is how calendar dates travel.
const DateLayout = "2006-01-02"

// FormatTime writes t as it travels: UTC, milliseconds.
func FormatTime(t time.Time) string { return t.UTC().Format(TimeLayout) }

// Millis rounds t down to milliseconds in UTC, the precision of the store.
func Millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Clock tells the time. Production uses the system's; tests may shift it.
type Clock func() time.Time

// SystemClock is the system's clock shifted by offset, in milliseconds UTC.
func SystemClock(offset time.Duration) Clock {
	return func() time.Time { return Millis(time.Now().Add(offset)) }
}
