package contract

import (
	"context"
	"net/http"
	"testing"
	"time"

	"pursuit/sim/harness"
)

// town is a program under test with the shortcuts that scenarios need; each ends
// the test when the server does not do what the shortcut takes for granted.
type town struct {
	*harness.Program
	t   *testing.T
	ctx context.Context
	at  *place
}

// phone is a signed-in device with its local store.
type phone struct {
	*harness.Device
	town *town
}

// team is one organisation with one user of each field role.
type team struct {
	org                         string
	supervisor, manager, worker *phone
}

// matter is one case: a person with a referral, a service of an organisation and
// the assignment of a worker to it ("" without a worker).
type matter struct {
	person, referral, service, assignment string
}

func (w *town) org(kind string) string {
	w.t.Helper()
	id, err := w.Org(w.ctx, "Organisation "+kind, kind)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *town) user(role, org string) *phone {
	w.t.Helper()
	session, err := w.User(w.ctx, role, org)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.phone(session)
}

func (w *town) phone(session *harness.Session) *phone {
	return &phone{Device: harness.NewDevice(session), town: w}
}

// second signs the same user in on another device.
func (w *town) second(first *phone) *phone {
	w.t.Helper()
	session, err := harness.Login(w.ctx, w.at.server.URL, nil, first.Tokens.User.Email, first.Password)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.phone(session)
}

// team makes a service provider with its people.
func (w *town) team() team {
	w.t.Helper()
	org := w.org("service_provider")
	return team{org: org, supervisor: w.user("supervisor", org), manager: w.user("case_manager", org), worker: w.user("outreach_worker", org)}
}

// crew is a team without the supervisor: what most scenarios need.
func (w *town) crew() team {
	w.t.Helper()
	org := w.org("service_provider")
	return team{org: org, manager: w.user("case_manager", org), worker: w.user("outreach_worker", org)}
}

// open makes a case of the team; worker may be nil.
func (w *town) open(crew team, worker *phone) matter {
	w.t.Helper()
	person, referral, service := caseOf(crew.org)
	made := matter{person: person.Row, referral: referral.Row, service: service.Row}
	push := []harness.Mutation{person, referral, service}
	if worker != nil {
		assignment := assign(service.Row, worker)
		made.assignment = assignment.Row
		push = append(push, assignment)
	}
	crew.manager.applied(push...)
	return made
}

// caseOf makes the inserts of a person, a referral and a service of an organisation.
func caseOf(org string) (person, referral, service harness.Mutation) {
	person = harness.Insert("people", map[string]any{"code": "Kestrel", "first_name": "Ada"})
	referral = harness.Insert("referrals", map[string]any{"person_id": person.Row, "source": "outreach", "referred_on": "2026-03-02"})
	service = harness.Insert("services", map[string]any{"referral_id": referral.Row, "person_id": person.Row, "track": "slo_icm", "org_id": org})
	return person, referral, service
}

func assign(service string, worker *phone) harness.Mutation {
	return harness.Insert("assignments", map[string]any{"service_id": service, "user_id": worker.Tokens.User.ID, "role": "outreach_worker"})
}

// attempt makes the insert of a contact attempt that happened a minute ago.
func attempt(service string) harness.Mutation {
	return attemptAt(service, time.Now().Add(-time.Minute))
}

func attemptAt(service string, moment time.Time) harness.Mutation {
	return harness.Insert("contact_attempts", map[string]any{"service_id": service, "channel": "call",
		"outcome": "no_answer", "occurred_at": harness.At(moment)})
}

func contact(person string) harness.Mutation {
	return harness.Insert("known_contacts", map[string]any{"person_id": person, "name": "Aunt", "relation": "family"})
}

// results pushes mutations and answers one result each, in order.
func (p *phone) results(push ...harness.Mutation) []harness.Result {
	p.town.t.Helper()
	results, err := p.Push(p.town.ctx, push...)
	if err != nil {
		p.town.t.Fatal(err)
	}
	if len(results) != len(push) {
		p.town.t.Fatalf("%d results for %d mutations", len(results), len(push))
	}
	for i, result := range results {
		if result.ID != push[i].ID {
			p.town.t.Fatalf("result %d is of mutation %s, want %s", i, result.ID, push[i].ID)
		}
	}
	return results
}

// one pushes one mutation.
func (p *phone) one(mutation harness.Mutation) harness.Result {
	p.town.t.Helper()
	return p.results(mutation)[0]
}

// applied pushes mutations that must all be applied and answers the v of the last.
func (p *phone) applied(push ...harness.Mutation) int64 {
	p.town.t.Helper()
	results := p.results(push...)
	for i, result := range results {
		if result.Status != "applied" {
			p.town.t.Fatalf("%s %s of mutation %d: %+v, want applied", push[i].Op, push[i].Table, i, result)
		}
	}
	return results[len(results)-1].V
}

// pull brings the device up to date.
func (p *phone) pull() []harness.Page {
	p.town.t.Helper()
	pages, err := p.PullAll(p.town.ctx)
	if err != nil {
		p.town.t.Fatal(err)
	}
	return pages
}

// pulled brings the device up to date and answers one local row, or nil.
func (p *phone) pulled(table, id string) harness.Row {
	p.town.t.Helper()
	p.pull()
	return p.Row(table, id)
}

// must pulls and ends the test when the row is not there.
func (p *phone) must(table, id string) harness.Row {
	p.town.t.Helper()
	row := p.pulled(table, id)
	if row == nil {
		p.town.t.Fatalf("%s does not have the row of %s that it should", p.Tokens.User.Role, table)
	}
	return row
}

// sees checks that each of the rows is, or is not, on the device after a pull.
func (p *phone) sees(want bool, table string, ids ...string) {
	p.town.t.Helper()
	p.pull()
	for _, id := range ids {
		if have := p.Row(table, id) != nil; have != want {
			p.town.t.Errorf("%s has row %s of %s: %v, want %v", p.Tokens.User.Role, id, table, have, want)
		}
	}
}

// call sends a request of the phone's user and answers it whole.
func (p *phone) call(method, path string, body any) harness.Answer {
	p.town.t.Helper()
	return call(p.town.t, p.Client, method, path, body)
}

func call(t *testing.T, client *harness.Client, method, path string, body any) harness.Answer {
	t.Helper()
	answer, err := client.JSON(context.WithoutCancel(t.Context()), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// expect checks the status and, for an error, the stable code and the shape.
func expect(t *testing.T, answer harness.Answer, status int, code string) {
	t.Helper()
	if answer.Status != status || (code != "" && answer.Code() != code) {
		t.Fatalf("status %d, code %q, want %d %q: %.300s", answer.Status, answer.Code(), status, code, answer.Body)
	}
	if status >= http.StatusBadRequest {
		problem(t, answer)
	}
}

// outcome checks a result's status, code and field ("" is not looked at).
func outcome(t *testing.T, got harness.Result, status, code, field string) {
	t.Helper()
	if got.Status != status || got.Code != code && code != "" || got.Field != field && field != "" {
		t.Errorf("result %+v, want %s %s %s", got, status, code, field)
	}
}

// eventually looks until the check holds; it bounds what the server may do later.
func eventually(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within %s: %s", limit, what)
}

// schedulerLimit is how long scheduled work may take: it looks every 10 s at least, and the machine may be busy.
const schedulerLimit = 40 * time.Second
