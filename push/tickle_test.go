package push_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/push"
	"pursuit/sync"
)

// A change wakes a sleeping device once, however many commits follow each other.
func TestTicklesAreCoalesced(t *testing.T) {
	onBoth(t, func(sc *scene) {
		_, waking := sc.instance(sc.store, true)
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { waking.Run(ctx); close(ended) }()
		defer func() { stop(); <-ended }()
		service := sc.pursue("slo_icm")
		for range 5 {
			sc.attempt(service, sc.store.Clock())
			time.Sleep(100 * time.Millisecond)
		}
		for end := time.Now().Add(5 * time.Second); sc.told(sc.worker, "tickle") == 0 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		sc.attempt(service, sc.store.Clock())
		time.Sleep(time.Second)
		if n := sc.told(sc.worker, "tickle"); n != 1 {
			sc.t.Errorf("%d tickles at once, want 1", n)
		}
		sc.now.Add((31 * time.Second).Milliseconds())
		for end := time.Now().Add(10 * time.Second); sc.told(sc.worker, "tickle") == 1 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		if n := sc.told(sc.worker, "tickle"); n != 2 {
			sc.t.Errorf("%d tickles after the pause, want 2", n)
		}
	})
}

// running lets services run until the test ends.
func (sc *scene) running(t *testing.T, services ...*push.Service) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{}, len(services))
	for _, s := range services {
		go func() { s.Run(ctx); ended <- struct{}{} }()
	}
	t.Cleanup(func() {
		stop()
		for range services {
			<-ended
		}
	})
}

// tickled waits for a device to be told, and then as long as another instance may take.
func (sc *scene) tickled(who models.Actor) {
	sc.t.Helper()
	for end := time.Now().Add(20 * time.Second); sc.told(who, "tickle") == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			sc.t.Fatal("a sleeping device was not told")
		}
	}
	time.Sleep(4 * time.Second)
}

// request sends an attempt as a phone does, and keeps the answer's sequence.
func (sc *scene) request(e *sync.Engine, who models.Actor, service string) {
	sc.t.Helper()
	set := map[string]json.RawMessage{"service_id": models.Quote(service), "channel": models.Quote("call"), "outcome": models.Quote("no_answer"),
		"occurred_at": models.TimeValue(sc.store.Clock())}
	answer, err := e.Sync(context.Background(), who, sync.Request{Schema: models.MinSchema, Push: []sync.Item{{Mutation: models.Mutation{ID: models.NewID(),
		Table: "contact_attempts", Row: models.NewID(), Op: models.OpInsert, At: models.FormatTime(sc.store.Clock()), Set: set}}}})
	sc.must(err)
	if answer.Results[0].Status != models.StatusApplied {
		sc.t.Fatalf("the attempt is %s", answer.Results[0].Status)
	}
}

// The device that made a change is not told of it; others who hold the case are, once.
func TestNoTickleToWhoMadeTheChange(t *testing.T) {
	onBoth(t, func(sc *scene) {
		service := sc.pursue("slo_icm")
		engine, waking := sc.instance(sc.store, true)
		sc.running(t, waking)
		sc.request(engine, sc.worker, service)
		sc.tickled(sc.keeper)
		if own, other := sc.told(sc.worker, "tickle"), sc.told(sc.keeper, "tickle"); own != 0 || other != 1 {
			sc.t.Errorf("%d tickles to the device that made the change, %d to another, want 0 and 1", own, other)
		}
	})
}

// Two instances on one database: whichever a device listens to or wrote to, neither
// tells it; who sleeps is told by one of them.
func TestNoTickleToWhoListensElsewhere(t *testing.T) {
	url := storetest.URL(t, store.Postgres)
	sc := newScene(t, storetest.OpenURL(t, url))
	service := sc.pursue("slo_icm")
	var engines []*sync.Engine
	var services []*push.Service
	for range 2 {
		engine, waking := sc.instance(storetest.OpenURL(t, url), true)
		engines, services = append(engines, engine), append(services, waking)
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { engine.Run(ctx); close(ended) }()
		t.Cleanup(func() { stop(); <-ended })
	}
	sc.running(t, services...)
	time.Sleep(500 * time.Millisecond) // until both listen
	stream, _, _, err := engines[1].Follow(context.Background(), sc.keeper, 0)
	sc.must(err)
	defer engines[1].Unfollow(stream)
	sc.request(engines[0], sc.worker, service)
	sc.tickled(sc.supervisor)
	for who, want := range map[models.Actor]int{sc.worker: 0, sc.keeper: 0, sc.supervisor: 1} {
		if n := sc.told(who, "tickle"); n != want {
			t.Errorf("%d tickles to the %s, want %d", n, who.Role, want)
		}
	}
}
