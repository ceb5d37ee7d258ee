package sync

import (
	"cmp"
	"slices"
	"time"

	"pursuit/models"
)

// counting gives those of a service's attempts that count: with a clock to be trusted,
// on a day of pursuit, and of duplicated taps the first recorded.
// Source: docs/domain.md, section 3.
func (w *world) counting(service *models.Row, attempts []*models.Row) ([]*models.Row, error) {
	zone, err := time.LoadLocation(w.tx.Program.TimeZone)
	if err != nil { // checked when the program was made
		zone = time.UTC
	}
	events, err := w.inBucket(service.Bucket, models.Tables.Table("status_events"))
	if err != nil {
		return nil, err
	}
	referral, err := w.row(models.Tables.Table("referrals"), service.Text("referral_id"))
	if err != nil {
		return nil, err
	}
	start := localDate(service.Text("created_at"), zone)
	if referral != nil {
		start = referral.Text("referred_on")
	}
	events = slices.DeleteFunc(events, func(e *models.Row) bool { return e.Text("service_id") != service.ID })
	return countingOf(attempts, spellsOf(start, events, zone), zone), nil
}

// tap is what duplicated taps have in common.
type tap struct {
	worker, channel string
	minute          int64
}

func countingOf(attempts []*models.Row, spells []spell, zone *time.Location) []*models.Row {
	list := slices.Clone(attempts)
	slices.SortFunc(list, func(a, b *models.Row) int { // canonical times have one width
		return cmp.Or(cmp.Compare(a.Text("recorded_at"), b.Text("recorded_at")), cmp.Compare(a.ID, b.ID))
	})
	seen := map[tap]bool{}
	return slices.DeleteFunc(list, func(a *models.Row) bool {
		at, _ := models.ParseTime(a.Text("occurred_at")) // canonical
		key := tap{a.Text("worker_id"), a.Text("channel"), at.Unix() / 60}
		day := at.In(zone).Format(models.DateLayout)
		pursued := slices.ContainsFunc(spells, func(s spell) bool { return s.from <= day && (s.to == "" || day <= s.to) })
		if a.Deleted || string(a.Get("clock_suspect")) == "true" || !pursued || seen[key] {
			return true
		}
		seen[key] = true
		return false
	})
}

// spell is a run of calendar dates of pursuit, both ends counted; it goes on while to
// is "".
type spell struct{ from, to string }

// spellsOf reads a service's history, which is in the order of recording: each event
// holds from its own date on and replaces what earlier recorded ones said of later
// dates.
func spellsOf(start string, events []*models.Row, zone *time.Location) []spell {
	type segment struct{ from, status string }
	segments := []segment{{start, models.Pursuing}}
	for _, e := range events {
		on := e.Text("on")
		if on == "" {
			on = localDate(e.Text("created_at"), zone)
		}
		on = max(on, start)
		segments = slices.DeleteFunc(segments, func(s segment) bool { return s.from > on })
		segments = append(segments, segment{on, e.Text("to")})
	}
	var out []spell
	for i, s := range segments {
		if s.status != models.Pursuing && s.status != models.SLOEngaged {
			continue
		}
		until := ""
		if i+1 < len(segments) {
			until = segments[i+1].from
		}
		out = append(out, spell{s.from, until})
	}
	return out
}

// localDate is the calendar date of a stored time.
func localDate(text string, zone *time.Location) string {
	at, _ := models.ParseTime(text) // canonical
	return at.In(zone).Format(models.DateLayout)
}
