package reports

import (
	"encoding/json"
	"time"
)

// instantLayout is how timestamps travel: RFC 3339 in UTC with milliseconds.
const instantLayout = "2006-01-02T15:04:05.000Z"

// Instant is a moment as answers carry it: UTC with milliseconds, whatever its zone.
type Instant struct{ time.Time }

// String is the moment as it travels.
func (t Instant) String() string { return t.UTC().Format(instantLayout) }

// MarshalJSON writes the moment as it travels.
func (t Instant) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// moment is a time that may be unset.
func moment(t time.Time) *Instant {
	if t.IsZero() {
		return nil
	}
	return &Instant{t.UTC()}
}

// OptionalID is text that may be absent: "" travels as null.
type OptionalID string

// MarshalJSON writes the text, or null.
func (id OptionalID) MarshalJSON() ([]byte, error) {
	if id == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(id))
}
