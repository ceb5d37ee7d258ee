package models_test

import (
	"testing"

	"pursuit/models"
)

// A timestamp is what RFC 3339 says, no more and no less.
func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-20T17:04:05.123Z":                "2026-11-20T17:04:05.123Z",
		"2026-11-20T17:04:05Z":                    "2026-11-20T17:04:05.000Z",
		"2026-11-20t17:04:05z":                    "2026-11-20T17:04:05.000Z",
		"2026-11-20T17:04:05.1234567-08:00":       "2026-11-21T01:04:05.123Z",
		"2026-11-20T17:04:05.1234567890123+23:59": "2026-11-19T17:05:05.123Z",
		"2016-12-31T23:59:60Z":                    "2017-01-01T00:00:00.000Z",
		"0000-01-01T00:00:00Z":                    "0001-01-01T00:00:00.000Z",
		"9999-12-31T23:59:59-10:00":               "9999-12-31T23:59:59.999Z",
	} {
		if at, ok := models.ParseTime(text); !ok || models.FormatTime(at) != want {
			t.Errorf("%s is read as %s, %v; want %s", text, models.FormatTime(at), ok, want)
		}
	}
	for _, text := range []string{"", "now", "2026-11-20", "2026-11-20T7:04:05Z", "2026-11-20T17:04:05,123Z", "2026-11-20T17:04:05,5Z",
		"2026-11-20T17:04:05+24:00", "2026-11-20T17:04:05+23:60", "2026-11-20T17:04:05", "2026-11-20 17:04:05Z", "2026-11-20T17:04:05.Z",
		"2026-02-30T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T17:04:61Z", "2026-11-20T17:04:05.123Z ", "2026-11-20T17:04:05.123\u00b2Z"} {
		if at, ok := models.ParseTime(text); ok {
			t.Errorf("%q is read as %s", text, models.FormatTime(at))
		}
	}
}
