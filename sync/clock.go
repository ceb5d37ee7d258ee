package sync

import (
	"time"

	"pursuit/models"
)

// deviceClock is how far a device's clock is behind the server's.
type deviceClock struct {
	offset  int64 // milliseconds, server minus device (a Duration ends at 292 years); 0 within the noise or when unknown
	suspect bool
}

// readClock compares the device's clock with the server's at the arrival of a request.
// Source: docs/protocol.md, section 4, `at`.
func readClock(device, arrived time.Time) deviceClock {
	if device.IsZero() {
		return deviceClock{}
	}
	size := arrived.Sub(device).Abs()
	if size < models.ClockNoise {
		return deviceClock{}
	}
	return deviceClock{offset: arrived.UnixMilli() - device.UnixMilli(), suspect: size > models.ClockSuspect}
}

// correct turns a device's time into the server's, never later than now.
func (c deviceClock) correct(t, now time.Time) time.Time {
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	t = millis(models.Millis(t).UnixMilli() + c.offset)
	switch {
	case t.After(now):
		return now
	case t.Before(first): // what the text of a timestamp can hold
		return first
	}
	return t
}
