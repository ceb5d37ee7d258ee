package contract

import (
	"testing"
	"time"

	"pursuit/sim/harness"
)

// clockScenarios: docs/protocol.md, section 4, `at` and wrong clocks.
func clockScenarios() []scenario {
	return []scenario{
		{"a device far off is corrected and marked", clockFar},
		{"a device five minutes off is the border of suspicion", clockBorder},
		{"an offset under 2 s counts as none", clockNear},
		{"without device_time nothing is corrected", clockNone},
		{"a time is never later than now", clockFuture},
		{"no clock is a reason to refuse", clockWild},
		{"latest is decided by corrected times", clockLatest},
		{"an attempt keeps when it was recorded and received", clockStamps},
	}
}

func stamp(t *testing.T, row harness.Row, field string) time.Time {
	t.Helper()
	moment, err := time.Parse(harness.Stamp, row.Text(field))
	if err != nil {
		t.Fatalf("%s is %v: %v", field, row[field], err)
	}
	return moment
}

// near tells whether two times are within what a request and a rounding may take.
func near(a, b time.Time) bool { return a.Sub(b).Abs() < 1500*time.Millisecond }

// visitOf pushes an attempt that truly happened an hour ago from a device with a
// clock off by skew, and answers the row that was stored.
func visitOf(w *town, crew team, service string, skew time.Duration) (harness.Row, harness.Mutation, time.Time) {
	w.t.Helper()
	happened := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	visit := attemptAt(service, happened.Add(skew))
	visit.At = harness.At(happened.Add(time.Minute + skew))
	crew.worker.Skew = skew
	crew.worker.applied(visit)
	return crew.worker.must("contact_attempts", visit.Row), visit, happened
}

func clockFar(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	for _, skew := range []time.Duration{26 * time.Hour, -400 * 24 * time.Hour, 10 * time.Minute, -10 * time.Minute, 20 * 365 * 24 * time.Hour} {
		row, visit, happened := visitOf(w, crew, made.service, skew)
		if row["clock_suspect"] != true || !near(stamp(t, row, "occurred_at"), happened) || row.Text("occurred_at_device") != visit.Set["occurred_at"] {
			t.Errorf("off by %s: suspect %v, occurred %v, on the device %v; true %s", skew, row["clock_suspect"], row["occurred_at"], row["occurred_at_device"], harness.At(happened))
		}
		if !near(stamp(t, row, "recorded_at"), happened.Add(time.Minute)) {
			t.Errorf("off by %s: recorded %v, true %s", skew, row["recorded_at"], harness.At(happened.Add(time.Minute)))
		}
	}
}

func clockBorder(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	for skew, suspect := range map[time.Duration]bool{4*time.Minute + 50*time.Second: false, 5*time.Minute + 10*time.Second: true,
		-4*time.Minute - 50*time.Second: false, -5*time.Minute - 10*time.Second: true} {
		row, _, happened := visitOf(w, crew, made.service, skew)
		if row["clock_suspect"] != suspect || !near(stamp(t, row, "occurred_at"), happened) {
			t.Errorf("off by %s: suspect %v, occurred %v, true %s", skew, row["clock_suspect"], row["occurred_at"], harness.At(happened))
		}
	}
}

func clockNear(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	for _, skew := range []time.Duration{0, 900 * time.Millisecond, -900 * time.Millisecond} {
		row, visit, _ := visitOf(w, crew, made.service, skew)
		if row.Text("occurred_at") != visit.Set["occurred_at"] || row["clock_suspect"] == true {
			t.Errorf("off by %s: occurred %v, sent %v, suspect %v", skew, row["occurred_at"], visit.Set["occurred_at"], row["clock_suspect"])
		}
	}
}

func clockNone(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	visit := attemptAt(made.service, time.Now().Add(-72*time.Hour))
	visit.At = harness.At(time.Now().Add(-71 * time.Hour))
	request := crew.worker.Request([]harness.Mutation{visit}, nil)
	request.DeviceTime = ""
	page, err := crew.worker.Sync(w.ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	outcome(t, page.Results[0], "applied", "", "")
	row := crew.worker.must("contact_attempts", visit.Row)
	if row.Text("occurred_at") != visit.Set["occurred_at"] || row.Text("recorded_at") != visit.At || row["clock_suspect"] == true {
		t.Errorf("without device_time: %v", row)
	}
}

func clockFuture(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	visit := attemptAt(made.service, time.Now().Add(48*time.Hour))
	visit.At = harness.At(time.Now().Add(24 * time.Hour))
	crew.worker.applied(visit)
	row := crew.worker.must("contact_attempts", visit.Row)
	for _, field := range []string{"occurred_at", "recorded_at"} {
		if stamp(t, row, field).After(time.Now().Add(time.Second)) {
			t.Errorf("%s is %v, later than now", field, row[field])
		}
	}
	base := crew.worker.must("people", made.person).V()
	future := harness.Patch("people", made.person, base, map[string]any{"first_name": "Future"})
	future.At = harness.At(time.Now().Add(24 * time.Hour))
	crew.worker.applied(future)
	time.Sleep(5 * time.Millisecond)
	outcome(t, crew.manager.one(harness.Patch("people", made.person, base, map[string]any{"first_name": "Now"})), "applied", "", "")
	if got := crew.manager.must("people", made.person).Text("first_name"); got != "Now" {
		t.Errorf("an edit from the future stands against a later one: %q", got)
	}
}

func clockWild(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	for _, clock := range []string{"0001-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-11-20T09:04:05.123456789-08:00"} {
		visit := attempt(made.service)
		visit.At = clock
		request := crew.worker.Request([]harness.Mutation{visit}, nil)
		request.DeviceTime = clock
		page, err := crew.worker.Sync(w.ctx, request)
		if err != nil {
			t.Errorf("a device that says %s: %v", clock, err)
			continue
		}
		if got := page.Results[0]; got.Status != "applied" {
			t.Errorf("a device that says %s: %+v", clock, got)
		}
	}
	crew.worker.pull()
}

func clockLatest(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	base := crew.worker.must("people", made.person).V()
	now := time.Now()
	truth := func(who *phone, name string, skew, ago time.Duration) harness.Result {
		who.Skew = skew
		patch := harness.Patch("people", made.person, base, map[string]any{"first_name": name})
		patch.At = harness.At(now.Add(-ago + skew))
		return who.one(patch)
	}
	outcome(t, truth(crew.worker, "Later", -30*24*time.Hour, 10*time.Minute), "applied", "", "")
	outcome(t, truth(crew.manager, "Earlier", 30*24*time.Hour, 20*time.Minute), "merged", "", "")
	if got := crew.worker.must("people", made.person).Text("first_name"); got != "Later" {
		t.Errorf("the name is %q, want the one truly written later", got)
	}
}

func clockStamps(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	row, visit, _ := visitOf(w, crew, made.service, 0)
	if row.Text("recorded_at") != visit.At || !near(stamp(t, row, "received_at"), time.Now()) || row.Text("occurred_at_device") != visit.Set["occurred_at"] {
		t.Errorf("recorded %v, received %v, on the device %v", row["recorded_at"], row["received_at"], row["occurred_at_device"])
	}
	if row["late"] != false || row["clock_suspect"] != false || row["policy_exception"] != false {
		t.Errorf("late %v, suspect %v, exception %v, want false", row["late"], row["clock_suspect"], row["policy_exception"])
	}
}
