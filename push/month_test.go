package push_test

import (
	"testing"
	"time"

	"pursuit/models"
	"pursuit/push/cadence"
)

// A month of program time over each change of the clocks: nobody's phone rings in
// their quiet hours, no push is sent twice, a day has at most eight and a digest, and
// who does the work is not reminded of silence.
func TestMonthOverClockChanges(t *testing.T) {
	for name, start := range map[string]time.Time{
		"spring": time.Date(2026, 2, 23, 17, 0, 0, 0, time.UTC),
		"autumn": time.Date(2026, 10, 19, 16, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(sc *scene) { sc.month(start) })
		})
	}
}

func (sc *scene) month(start time.Time) {
	sc.now.Store(start.UnixMilli())
	worked, idle := sc.pursue("slo_icm"), sc.pursue("hhp")
	for hour := range 30 * 12 {
		sc.forward(2 * time.Hour)
		if hour%24 == 0 {
			sc.attempt(worked, sc.store.Clock().Add(-time.Minute))
		}
	}
	portland, err := time.LoadLocation("America/Los_Angeles")
	sc.must(err)
	seen, days := map[string]bool{}, map[string]int{}
	for _, m := range sc.fcm.Taken() {
		if key := m.Token + m.Data["id"]; seen[key] {
			sc.t.Errorf("%s was pushed twice to one phone", m.Data["id"])
		} else {
			seen[key] = true
		}
	}
	for _, p := range sc.sent() {
		local := p.at.In(portland)
		if hour := local.Hour(); hour < 8 || hour >= 20 {
			sc.t.Errorf("a push went out at %s", local.Format(time.DateTime))
		}
		days[p.user+local.Format(time.DateOnly)]++
	}
	for day, n := range days {
		if n > 9 {
			sc.t.Errorf("%d pushes on one day of one person (%s)", n, day[len(day)-10:])
		}
	}
	if len(seen) == 0 {
		sc.t.Fatal("nothing was pushed in a month")
	}
	sc.wantSilence(worked, 0)
	sc.wantSilence(idle, 3)
}

func (sc *scene) wantSilence(service string, want int) {
	sc.t.Helper()
	n := 0
	for _, r := range sc.reminders(service) {
		if r.kind == cadence.KindSilence {
			n++
		}
	}
	if n != want {
		sc.t.Errorf("%d reminders of silence, want %d", n, want)
	}
}

// sentPush is one push that went out, by the scene's clock.
type sentPush struct {
	user string
	at   time.Time
}

func (sc *scene) sent() []sentPush {
	sc.t.Helper()
	rows, err := sc.store.SQLDB().QueryContext(sc.t.Context(), `SELECT user_id, sent_at FROM pushes WHERE state = 'sent'`)
	sc.must(err)
	defer rows.Close()
	var out []sentPush
	for rows.Next() {
		var p sentPush
		var at int64
		sc.must(rows.Scan(&p.user, &at))
		p.at = models.Millis(time.UnixMilli(at))
		out = append(out, p)
	}
	sc.must(rows.Err())
	return out
}
