package contract

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// wallScenarios: docs/protocol.md, section 6, the referral partner's wall.
func wallScenarios() []scenario {
	return []scenario{
		{"a partner's person goes to the lead organisation", partnerToLead},
		{"a partner sees receipts and their status alone", receipts},
		{"receipts are for partners", receiptsRole},
		{"receipts page", receiptsPage},
		{"nothing a partner can reach carries case content", partnerWall},
		{"a partner pulls no case rows", partnerPulls},
		{"a director and an admin pull no case rows", othersPull},
		{"programs are walled off from each other", programWall},
	}
}

// refers makes a partner of a law-enforcement organisation and one referral of theirs.
func (w *town) refers() (partner *phone, person, referral harness.Mutation) {
	w.t.Helper()
	partner = w.user("referral_partner", w.org("law_enforcement"))
	person = harness.Insert("people", map[string]any{"code": "Referred", "first_name": "Ada"})
	referral = harness.Insert("referrals", map[string]any{"person_id": person.Row, "source": "law_enforcement", "referred_on": "2026-03-02"})
	partner.applied(person, referral)
	return partner, person, referral
}

func partnerToLead(t *testing.T, at *place) {
	w := at.program(t)
	partner, person, referral := w.refers()
	lead := w.user("supervisor", w.OrgID)
	lead.sees(true, "people", person.Row)
	lead.sees(true, "referrals", referral.Row)
	w.user("supervisor", partner.Tokens.User.OrgID).sees(false, "people", person.Row)
	w.crew().manager.sees(false, "people", person.Row)
}

type receipt struct {
	ID         string
	ReceivedOn string `json:"received_on"`
	Status     string
}

func (p *phone) receipts() map[string]receipt {
	p.town.t.Helper()
	answer := p.call(http.MethodGet, "/v1/referrals/receipts", nil)
	expect(p.town.t, answer, http.StatusOK, "")
	var list struct {
		Receipts []receipt
		Next     *string
	}
	if err := answer.Decode(&list); err != nil {
		p.town.t.Fatal(err)
	}
	found := map[string]receipt{}
	for _, one := range list.Receipts {
		found[one.ID] = one
	}
	return found
}

func receipts(t *testing.T, at *place) {
	w := at.program(t)
	partner, person, referral := w.refers()
	other, _, _ := w.refers()
	lead := w.user("supervisor", w.OrgID)
	got := partner.receipts()
	if one := got[referral.Row]; len(got) != 1 || one.Status != "received" || !dayForm.MatchString(one.ReceivedOn) {
		t.Fatalf("receipts %v of one referral", got)
	}
	if len(other.receipts()) != 1 || other.receipts()[referral.Row].ID != "" {
		t.Error("a partner sees the receipt of another")
	}
	lead.pull()
	var services []string
	for _, track := range []string{"slo_icm", "hhp"} {
		service := harness.Insert("services", map[string]any{"referral_id": referral.Row, "person_id": person.Row, "track": track, "org_id": w.OrgID})
		lead.applied(service)
		services = append(services, service.Row)
	}
	status := func() string { return partner.receipts()[referral.Row].Status }
	if status() != "received" {
		t.Errorf("status %q with two services in pursuit", status())
	}
	outcome(t, lead.advance(services[0], "refused", ""), "applied", "", "")
	if status() != "received" {
		t.Errorf("status %q with one service in pursuit", status())
	}
	outcome(t, lead.advance(services[1], "enrolled", ""), "applied", "", "")
	if status() != "closed" {
		t.Errorf("status %q with no service in pursuit any more", status())
	}
}

func receiptsRole(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	for _, who := range []*phone{crew.worker, crew.manager, crew.supervisor, w.user("director", w.OrgID), w.phone(w.Admin)} {
		expect(t, who.call(http.MethodGet, "/v1/referrals/receipts", nil), http.StatusForbidden, "forbidden")
	}
}

func receiptsPage(t *testing.T, at *place) {
	w := at.program(t)
	partner, person, first := w.refers()
	want := map[string]bool{first.Row: true}
	for range 4 {
		more := harness.Insert("referrals", map[string]any{"person_id": person.Row, "source": "community_partner", "referred_on": "2026-03-03"})
		partner.applied(more)
		want[more.Row] = true
	}
	path := "/v1/referrals/receipts?limit=2"
	for range 5 {
		var list struct {
			Receipts []receipt
			Next     *string
		}
		if err := partner.call(http.MethodGet, path, nil).Decode(&list); err != nil {
			t.Fatal(err)
		}
		if len(list.Receipts) > 2 {
			t.Errorf("%d receipts on a page of 2", len(list.Receipts))
		}
		for _, one := range list.Receipts {
			delete(want, one.ID)
		}
		if list.Next == nil {
			break
		}
		path = "/v1/referrals/receipts?limit=2&cursor=" + *list.Next
	}
	if len(want) != 0 {
		t.Errorf("%d receipts never came", len(want))
	}
}

// secretly plants a marker in every field of a case that a partner must not reach.
func (w *town) secretly(lead *phone, person, referral string) {
	w.t.Helper()
	lead.pull()
	service := harness.Insert("services", map[string]any{"referral_id": referral, "person_id": person, "track": "slo_icm", "org_id": w.OrgID})
	visit := attempt(service.Row)
	visit.Set["note"], visit.Set["latitude"], visit.Set["longitude"] = planted, 45.123, -122.987
	aunt := contact(person)
	aunt.Set["name"], aunt.Set["notes"] = planted, planted
	base := lead.Row("people", person).V()
	lead.applied(service, visit, aunt, harness.Patch("people", person, base, map[string]any{"notes": planted, "last_name": planted, "phones": []string{planted}}),
		harness.Insert("assessments", map[string]any{"person_id": person, "shooting_review_on": "2026-03-02", "disposition": "referred", "override": "yes", "override_reason": planted}),
		harness.Insert("action_items", map[string]any{"person_id": person, "text": planted}),
		harness.Insert("reminders", map[string]any{"service_id": service.Row, "kind": "manual", "due_at": "2026-03-05T10:00:00.000Z", "note": planted, "user_id": lead.Tokens.User.ID}))
	outcome(w.t, lead.advance(service.Row, "refused", planted), "applied", "", "")
}

func partnerWall(t *testing.T, at *place) {
	w := at.program(t)
	partner, person, referral := w.refers()
	lead := w.user("supervisor", w.OrgID)
	w.secretly(lead, person.Row, referral.Row)
	visit := ""
	for id := range lead.Tables["contact_attempts"] {
		visit = id
	}
	var seen []string
	for _, path := range []string{"/v1/me", "/v1/devices", "/v1/orgs", "/v1/users", "/v1/referrals/receipts", "/v1/sync/schema", "/v1/audit",
		"/v1/reports/summary?year=2026", "/v1/intensity/services", "/v1/intensity/program", "/v1/intensity/workers", "/metrics"} {
		seen = append(seen, string(partner.call(http.MethodGet, path, nil).Body))
	}
	push := []harness.Mutation{harness.Patch("people", person.Row, 1, map[string]any{"first_name": "X"}), harness.Delete("people", person.Row, 1),
		with(harness.Insert("people", map[string]any{"code": "X"}), func(m *harness.Mutation) { m.Row = person.Row }),
		with(referral, func(m *harness.Mutation) { m.ID = harness.NewID() }), harness.Patch("referrals", referral.Row, 1, map[string]any{"reason": "x"}),
		harness.Patch("contact_attempts", visit, 1, map[string]any{"note": "x"}), person}
	for _, pull := range []*harness.Pull{{}, {Buckets: []string{person.Row}}, {Tables: []string{"people", "referrals", "contact_attempts", "conflicts", "quarantine"}}} {
		seen = append(seen, string(partner.call(http.MethodPost, "/v1/sync", partner.Request(push, pull)).Body))
	}
	seen = append(seen, string(partner.call(http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": nil}).Body))
	for _, text := range seen {
		for _, secret := range []string{planted, "45.123", "122.987", `:"refused"`, visit} {
			if strings.Contains(text, secret) && !strings.Contains(text, `"min_schema"`) && !(secret == visit && strings.Contains(text, `"results"`)) {
				t.Errorf("a partner reached %q in %.400s", secret, text)
			}
		}
	}
}

func partnerPulls(t *testing.T, at *place) {
	w := at.program(t)
	partner, _, _ := w.refers()
	onlyDirectory(t, partner)
}

func onlyDirectory(t *testing.T, who *phone) {
	t.Helper()
	who.pull()
	for table, rows := range who.Tables {
		if len(rows) > 0 && table != "staff" && table != "settings" {
			t.Errorf("%s has %d rows of %s", who.Tokens.User.Role, len(rows), table)
		}
	}
}

func othersPull(t *testing.T, at *place) {
	w := at.program(t)
	lead := team{org: w.OrgID, manager: w.user("case_manager", w.OrgID), worker: w.user("outreach_worker", w.OrgID)}
	w.open(lead, lead.worker)
	onlyDirectory(t, w.user("director", w.OrgID))
	onlyDirectory(t, w.phone(w.Admin))
}

func programWall(t *testing.T, at *place) {
	w, other := at.program(t), at.program(t)
	crew, foreign := w.team(), other.team()
	made := w.open(crew, crew.worker)
	foreign.supervisor.sees(false, "people", made.person)
	foreign.manager.alike("patch across programs", harness.Patch("people", made.person, 3, map[string]any{"first_name": "X"}),
		harness.Patch("people", harness.NewID(), 3, map[string]any{"first_name": "X"}))
	foreign.manager.alike("insert under a foreign parent", contact(made.person), contact(harness.NewID()))
	person, referral, service := caseOf(foreign.org)
	foreign.manager.applied(person, referral, service)
	if got := foreign.manager.one(assign(service.Row, crew.worker)); got.Status == "applied" {
		t.Errorf("a user of another program was assigned: %+v", got)
	}
	_, _, stray := caseOf(crew.org)
	stray.Set["person_id"], stray.Set["referral_id"] = person.Row, referral.Row
	if got := foreign.manager.one(stray); got.Status == "applied" {
		t.Errorf("a service was made for an organisation of another program: %+v", got)
	}
	var body map[string]json.RawMessage
	answer := foreign.manager.call(http.MethodPost, "/v1/sync", foreign.manager.Request(nil, &harness.Pull{Buckets: []string{made.person, made.service, crew.org, w.ID}}))
	if err := answer.Decode(&body); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body["changes"]), made.person) {
		t.Errorf("a bucket of another program was sent: %s", body["changes"])
	}
}
