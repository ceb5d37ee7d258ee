package reports

import (
	"testing"
	"time"
)

func TestAWindowThatCannotBe(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	on := func(text string) Date {
		if text == "" {
			return Date{}
		}
		d, err := ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, w := range map[string]struct {
		from, to, asOf string
		fails          bool
	}{
		"everything":              {"", "", "", false},
		"today":                   {"2026-11-21", "", "", false},
		"from after to":           {"2026-03-02", "2026-03-01", "", true},
		"from after today":        {"2027-01-01", "", "", true},
		"from after as_of":        {"2026-03-02", "", "2026-03-01", true},
		"one that is yet to come": {"2027-01-01", "2027-02-01", "", false},
	} {
		if _, err := NewWindow(time.UTC, on(w.from), on(w.to), on(w.asOf), now); (err != nil) != w.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}
