package contract

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"pursuit/sim/harness"
)

// liveScenarios: docs/protocol.md, section 7.
func liveScenarios() []scenario {
	return []scenario{
		{"a change in scope tickles within 250 ms", tickles},
		{"a change out of scope is silent", silent},
		{"something newer tickles at once", ticklesAtOnce},
		{"a new grant and a lost one tickle", grantTickles},
		{"a role change tickles", roleTickles},
		{"a comment comes every 20 s", comments},
		{"long-poll answers 200 or 204", longPoll},
		{"revoking a device ends its stream", revokeEnds},
		{"a stream needs a token and a number", liveFaults},
		{"a change through another instance tickles", otherInstance},
	}
}

func (p *phone) live(since int64) *harness.Stream {
	p.town.t.Helper()
	stream, err := p.Live(p.town.ctx, since)
	if err != nil {
		p.town.t.Fatal(err)
	}
	p.town.t.Cleanup(stream.Close)
	return stream
}

// latest pulls and answers the seq up to which the device is informed.
func (p *phone) latest() int64 {
	p.town.t.Helper()
	pages := p.pull()
	return pages[len(pages)-1].Seq
}

// soon is long after anything that works has come, however busy the machine.
const soon = 15 * time.Second

func await(t *testing.T, stream *harness.Stream, atLeast int64, limit time.Duration) harness.Tickle {
	t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case tickle := <-stream.Tickles:
			if tickle.Seq >= atLeast {
				return tickle
			}
		case <-stream.Ended:
			t.Fatal("the stream ended")
		case <-deadline:
			t.Fatalf("no tickle of seq %d within %s", atLeast, limit)
		}
	}
}

func quiet(t *testing.T, stream *harness.Stream, limit time.Duration) {
	t.Helper()
	select {
	case tickle := <-stream.Tickles:
		t.Errorf("a tickle of seq %d that nothing in scope called for", tickle.Seq)
	case <-stream.Ended:
		t.Error("the stream ended")
	case <-time.After(limit):
	}
}

func tickles(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made := w.open(crew, crew.worker)
	stream := crew.worker.live(crew.worker.latest())
	super := crew.supervisor.live(crew.supervisor.latest())
	time.Sleep(100 * time.Millisecond)
	slow := 0
	for range 5 {
		v := crew.manager.applied(attempt(made.service))
		answered := time.Now()
		for _, one := range []*harness.Stream{stream, super} {
			if tickle := await(t, one, v, soon); tickle.At.Sub(answered) > 250*time.Millisecond {
				slow++
			}
		}
	}
	if slow > 5 { // other tests keep the machine busy
		t.Errorf("%d of 10 tickles came later than 250 ms after the answer", slow)
	}
}

func silent(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.team(), w.team()
	made := w.open(others, others.worker)
	assessment := harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred"})
	streams := []*harness.Stream{crew.worker.live(crew.worker.latest()), crew.supervisor.live(crew.supervisor.latest()),
		others.worker.live(others.worker.latest())}
	others.manager.applied(assessment)
	quiet(t, streams[2], 400*time.Millisecond)
	others.manager.applied(attempt(made.service))
	for _, stream := range streams[:2] {
		quiet(t, stream, 400*time.Millisecond)
	}
}

func ticklesAtOnce(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	before := crew.worker.latest()
	made := w.open(crew, crew.worker)
	v := crew.manager.applied(attempt(made.service))
	await(t, crew.worker.live(before), v, soon)
	await(t, crew.worker.live(0), v, soon)
	quiet(t, crew.worker.live(crew.worker.latest()), 300*time.Millisecond)
}

func grantTickles(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, nil)
	stream := crew.worker.live(crew.worker.latest())
	assignment := assign(made.service, crew.worker)
	v := crew.manager.applied(assignment)
	await(t, stream, v, soon)
	crew.manager.must("assignments", assignment.Row)
	crew.manager.end(assignment.Row)
	await(t, stream, v+1, soon)
	crew.worker.sees(false, "services", made.service)
}

func roleTickles(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	w.open(crew, nil)
	since := crew.worker.latest()
	stream := crew.worker.live(since)
	w.patchUser(crew.worker, map[string]any{"role": "supervisor"})
	await(t, stream, since+1, soon)
}

func comments(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	stream := one.live(one.latest())
	deadline := time.After(26 * time.Second)
	opened := time.Now()
	for {
		select {
		case moment := <-stream.Comments:
			if moment.Sub(opened) > 10*time.Second {
				return
			}
		case <-stream.Ended:
			t.Fatal("the stream ended")
		case <-deadline:
			t.Fatal("no comment in 26 s")
		}
	}
}

func longPoll(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	since := crew.worker.latest()
	started := time.Now()
	expect(t, crew.worker.call(http.MethodGet, fmt.Sprintf("/v1/sync/live?since=%d&wait=1", since), nil), http.StatusNoContent, "")
	if waited := time.Since(started); waited < 900*time.Millisecond || waited > soon {
		t.Errorf("wait=1 took %s", waited)
	}
	got := make(chan harness.Answer, 1)
	go func() {
		answer, err := crew.worker.JSON(w.ctx, http.MethodGet, fmt.Sprintf("/v1/sync/live?since=%d&wait=25", since), nil)
		if err != nil {
			t.Error(err)
		}
		got <- answer
	}()
	time.Sleep(200 * time.Millisecond)
	v := crew.manager.applied(attempt(made.service))
	select {
	case answer := <-got:
		var tickle harness.Tickle
		if err := answer.Decode(&tickle); err != nil || answer.Status != http.StatusOK || tickle.Seq < v {
			t.Errorf("long-poll: status %d %s, want seq %d", answer.Status, answer.Body, v)
		}
	case <-time.After(soon):
		t.Fatal("long-poll did not answer a change")
	}
	expect(t, crew.worker.call(http.MethodGet, fmt.Sprintf("/v1/sync/live?since=%d&wait=25", since), nil), http.StatusOK, "")
}

func revokeEnds(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	two := w.user("outreach_worker", w.OrgID)
	first, second := one.live(one.latest()), two.live(two.latest())
	w.revoke(one.DeviceID, true)
	w.patchUser(two, map[string]any{"active": false})
	for name, stream := range map[string]*harness.Stream{"revoked": first, "deactivated": second} {
		select {
		case <-stream.Ended:
		case <-time.After(soon):
			t.Errorf("the stream of a %s device goes on", name)
		}
	}
}

func liveFaults(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	expect(t, call(t, harness.NewClient(at.server.URL, nil), http.MethodGet, "/v1/sync/live?since=0", nil), http.StatusUnauthorized, "unauthorized")
	for _, query := range []string{"since=abc", "since=-1", "since=0&wait=abc", "since=0&wait=-1"} {
		expect(t, one.call(http.MethodGet, "/v1/sync/live?"+query, nil), http.StatusUnprocessableEntity, "invalid_request")
	}
}

func otherInstance(t *testing.T, at *place) {
	mine := at.own(t, nil)
	base := mine.server.URL
	if at.kind == harness.Postgres { // the embedded database is for one server
		second, err := mine.site.Start(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := second.Stop(); err != nil {
				t.Error(err)
			}
		})
		base = second.URL
	}
	w := mine.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	crew.worker.Base = base
	since := crew.worker.latest()
	stream := crew.worker.live(since)
	time.Sleep(100 * time.Millisecond)
	quickest := soon
	for range 4 {
		v := crew.manager.applied(attempt(made.service))
		answered := time.Now()
		quickest = min(quickest, await(t, stream, v, soon).At.Sub(answered))
		if crew.worker.latest() < v {
			t.Error("the other instance does not serve what it announced")
		}
	}
	if quickest > 250*time.Millisecond {
		t.Errorf("the quickest of four tickles through another instance took %s", quickest)
	}
	crew.manager.end(made.assignment)
	crew.worker.sees(false, "services", made.service)
	w.revoke(crew.worker.DeviceID, false)
	expect(t, crew.worker.call(http.MethodGet, "/v1/me", nil), http.StatusForbidden, "device_revoked")
}
