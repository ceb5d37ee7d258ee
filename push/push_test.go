package push_test

import (
	"context"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/push"
	"pursuit/push/cadence"
	"pursuit/push/fcmtest"
)

// A silence is told to the worker, the case manager and the supervisor, each on their
// day, each by one row and one push.
func TestSilenceEscalatesOnceEach(t *testing.T) {
	onBoth(t, func(sc *scene) {
		service := sc.pursue("slo_icm")
		for range 8 * 6 { // look every four hours for eight days
			sc.forward(4 * time.Hour)
		}
		want := map[int]models.Actor{0: sc.worker, 1: sc.keeper, 2: sc.supervisor}
		got := map[int]int{}
		for _, r := range sc.reminders(service) {
			if r.kind != cadence.KindSilence {
				continue
			}
			got[r.escalation]++
			if r.user != want[r.escalation].UserID {
				sc.t.Errorf("step %d is told to another than the %s", r.escalation, want[r.escalation].Role)
			}
		}
		for step, who := range want {
			if got[step] != 1 {
				sc.t.Errorf("%d rows of step %d, want 1", got[step], step)
			}
			if n := sc.told(who, cadence.KindSilence); n != 1 {
				sc.t.Errorf("the %s got %d pushes of the silence, want 1", who.Role, n)
			}
		}
	})
}

// A day without anything due writes nothing and touches no service.
func TestQuietDayTouchesNothing(t *testing.T) {
	onBoth(t, func(sc *scene) {
		sc.pursue("slo_icm")
		sc.forward(time.Minute)
		before, err := sc.store.Head(context.Background(), sc.admin.Program)
		sc.must(err)
		due, err := sc.store.DueServices(context.Background(), sc.admin.Program, sc.store.Clock().Add(12*time.Hour), 1)
		sc.must(err)
		if len(due) > 0 {
			sc.t.Error("a service is due though nothing can be for half a day")
		}
		sc.forward(12 * time.Hour)
		after, err := sc.store.Head(context.Background(), sc.admin.Program)
		sc.must(err)
		if after.Seq != before.Seq {
			sc.t.Errorf("the sequence moved from %d to %d in a quiet time", before.Seq, after.Seq)
		}
	})
}

// An attempt that arrives late but happened in time cancels a reminder whose push has
// not gone out, and completes one whose push has.
func TestLateAttemptMakesMoot(t *testing.T) {
	onBoth(t, func(sc *scene) {
		sc.now.Store(time.Date(2026, 1, 6, 1, 0, 0, 0, time.UTC).UnixMilli()) // 17:00 in Portland: due at 21:00, in quiet hours
		unsent := sc.pursue("hhp")
		assigned := sc.store.Clock()
		sc.forward(4*time.Hour + time.Minute)
		if got := sc.reminders(unsent); len(got) != 1 || got[0].state != cadence.StatePending || got[0].kind != cadence.KindFirstAttempt {
			sc.t.Fatalf("got %+v, want one pending first attempt", got)
		}
		sc.attempt(unsent, assigned.Add(time.Hour))
		sc.forward(time.Second)
		if got := sc.reminders(unsent); got[0].state != cadence.StateCancelled {
			sc.t.Errorf("the unsent reminder is %s, want cancelled", got[0].state)
		}
		sc.forward(14 * time.Hour)
		if n := sc.told(sc.worker, cadence.KindFirstAttempt); n != 0 {
			sc.t.Errorf("%d pushes went out for what was moot", n)
		}
		sent := sc.pursue("hhp") // 11:00
		assigned = sc.store.Clock()
		sc.forward(4*time.Hour + time.Minute)
		if n := sc.told(sc.worker, cadence.KindFirstAttempt); n != 1 {
			sc.t.Fatalf("%d pushes of the first attempt, want 1", n)
		}
		sc.attempt(sent, assigned.Add(time.Hour))
		sc.forward(time.Second)
		if got := sc.reminders(sent); got[0].state != cadence.StateDone {
			sc.t.Errorf("the sent reminder is %s, want done", got[0].state)
		}
	})
}

// What falls due in quiet hours across midnight is told by one push when they end.
func TestQuietHoursDeferAndCollapse(t *testing.T) {
	onBoth(t, func(sc *scene) {
		sc.now.Store(time.Date(2026, 1, 7, 1, 0, 0, 0, time.UTC).UnixMilli())
		sc.pursue("hhp")
		sc.pursue("hhp") // both due at 21:00
		for range 10 {
			sc.forward(time.Hour) // until 03:00
		}
		if n := len(sc.fcm.Taken()); n != 0 {
			sc.t.Fatalf("%d pushes in quiet hours", n)
		}
		for range 6 {
			sc.forward(time.Hour) // until 09:00
		}
		if n := sc.told(sc.worker, "digest"); n != 1 || len(sc.fcm.Taken()) != 1 {
			sc.t.Errorf("%d digests of %d pushes, want 1 of 1", n, len(sc.fcm.Taken()))
		}
	})
}

// Two instances of which one dies after it took the pushes: each reminder is pushed
// exactly once.
func TestTwoInstancesOneDies(t *testing.T) {
	url := storetest.URL(t, store.Postgres)
	sc := newScene(t, storetest.OpenURL(t, url))
	_, second := sc.instance(storetest.OpenURL(t, url), false)
	const services = 5
	for range services {
		sc.pursue("hhp")
	}
	sc.now.Add((4*time.Hour + time.Minute).Milliseconds())
	done := make(chan error, 2)
	for _, s := range []*push.Service{sc.push, second} {
		go func() { done <- s.Look(context.Background()) }()
	}
	sc.must(<-done)
	sc.must(<-done)
	taken, err := second.TakeJobs(context.Background(), 3) // and dies
	sc.must(err)
	if taken != 3 {
		t.Fatalf("%d pushes to take, want at least 3", taken)
	}
	sc.now.Add(time.Second.Milliseconds())
	sc.until("the others are sent", func() bool { return sc.told(sc.worker, cadence.KindFirstAttempt) == services-3 }, sc.push)
	sc.begun[sc.push]() // who looks after stuck jobs
	sc.jobs.RescueAfter = time.Minute
	_, third := sc.instance(storetest.OpenURL(t, url), false)
	sc.until("what it had taken is rescued and sent", func() bool {
		sc.now.Add(pollSoon.Milliseconds()) // a rescued job waits as one that failed
		return sc.told(sc.worker, cadence.KindFirstAttempt) == services
	}, third)
	seen := map[string]bool{}
	for _, m := range sc.fcm.Taken() {
		if seen[m.Data["id"]] {
			t.Errorf("reminder %s was pushed twice", m.Data["id"])
		}
		seen[m.Data["id"]] = true
	}
}

// Faults of FCM: a void token is forgotten and the reminder waits for the next one, a
// quota is waited for, a failure is tried again, a bad credential is loud.
func TestFaultsOfFCM(t *testing.T) {
	onBoth(t, func(sc *scene) {
		token := "token-" + sc.worker.DeviceID
		sc.fcm.OnDevice(token, fcmtest.Unregistered())
		sc.pursue("hhp")
		sc.forward(4*time.Hour + time.Minute)
		sc.forward(time.Hour)
		if n := sc.fcm.Attempts(token); n != 1 {
			sc.t.Errorf("%d tries with a void token, want 1", n)
		}
		sc.device(sc.worker) // the phone has a new token, by chance the same
		sc.forward(time.Second)
		if n := sc.told(sc.worker, cadence.KindFirstAttempt); n != 1 {
			sc.t.Errorf("%d pushes after a new token, want 1", n)
		}
		sc.fcm.OnDevice(token, fcmtest.Quota().After(10*time.Minute))
		service := sc.insert(sc.keeper, "reminders", map[string]any{"service_id": sc.pursue("slo_icm"),
			"due_at": models.FormatTime(sc.store.Clock()), "user_id": sc.worker.UserID})
		sc.forward(time.Second)
		sc.forward(9 * time.Minute)
		if n := sc.told(sc.worker, cadence.KindManual); n != 0 || service == "" {
			sc.t.Errorf("a push went before Retry-After was over")
		}
		sc.forward(2 * time.Minute)
		if n := sc.told(sc.worker, cadence.KindManual); n != 1 {
			sc.t.Errorf("%d pushes after the quota, want 1", n)
		}
		sc.fcm.OnAny(fcmtest.Forbidden())
		sc.insert(sc.keeper, "reminders", map[string]any{"service_id": sc.pursue("slo_icm"),
			"due_at": models.FormatTime(sc.store.Clock()), "user_id": sc.worker.UserID})
		sc.forward(time.Second)
		if !sc.push.CredentialRefused() {
			sc.t.Error("a refused credential is not told")
		}
		sc.fcm.OnAny()
		sc.forward(15 * time.Minute)
		if n := sc.told(sc.worker, cadence.KindManual); n != 2 || sc.push.CredentialRefused() {
			sc.t.Errorf("%d pushes after the credential was mended, want 2", n)
		}
	})
}

// From a commit to the settled reminder it takes less than a second, with the service
// running as it does beside a server.
func TestCommitSettlesWithinASecond(t *testing.T) {
	onBoth(t, func(sc *scene) {
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { sc.push.Run(ctx); close(ended) }()
		defer func() { stop(); <-ended }()
		quickest := settleLimit
		for range 3 { // other tests keep the machine busy
			quickest = min(quickest, sc.settles())
			sc.now.Add((20*time.Hour - time.Minute).Milliseconds()) // noon again: at night nobody is told
		}
		if quickest > time.Second {
			sc.t.Errorf("the quickest of three took %s", quickest)
		}
	})
}

const settleLimit = 15 * time.Second

// settles opens a service, lets its reminder be raised and what is due be told, and
// gives the time from an attempt's commit to the settled reminder.
func (sc *scene) settles() time.Duration {
	sc.t.Helper()
	service, assigned := sc.pursue("hhp"), sc.store.Clock()
	sc.now.Add((4*time.Hour + time.Minute).Milliseconds())
	until := func(what string, holds func() bool) {
		for end := time.Now().Add(settleLimit); !holds(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				sc.t.Fatalf("%s within %s", what, settleLimit)
			}
		}
	}
	stands := func(state string) func() bool {
		return func() bool {
			got := sc.reminders(service)
			return len(got) == 1 && got[0].state == state
		}
	}
	until("no reminder was raised", stands(cadence.StatePending))
	until("something was not told", func() bool {
		due, err := sc.push.DueJobs(context.Background())
		sc.must(err)
		return due == 0
	})
	begin := time.Now()
	sc.attempt(service, assigned.Add(time.Hour))
	until("the reminder was not settled", stands(cadence.StateDone))
	return time.Since(begin)
}

// A bad value of a known setting is refused with its reason; other keys are left alone.
func TestSettingsAreChecked(t *testing.T) {
	onBoth(t, func(sc *scene) {
		bad := sc.send(sc.admin, models.OpInsert, "settings", models.NewID(), 0, map[string]any{"key": "silence_days", "value": []int{7, 5, 3}})
		if bad.Code != models.CodeInvalidValue || bad.Field != "value" || bad.Message == "" {
			sc.t.Errorf("got %s %s %s", bad.Status, bad.Code, bad.Field)
		}
		row := sc.insert(sc.admin, "settings", map[string]any{"key": "silence_days", "value": []int{1, 2, 4}})
		worse := sc.send(sc.admin, models.OpPatch, "settings", row, 1<<40, map[string]any{"value": "often"})
		if worse.Code != models.CodeInvalidValue {
			sc.t.Errorf("the patch is %s %s", worse.Status, worse.Code)
		}
		sc.insert(sc.admin, "settings", map[string]any{"key": "colour", "value": map[string]any{"of": "buttons"}})
	})
}
