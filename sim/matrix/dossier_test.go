package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pursuit/sim/harness"
)

// soil remembers every string that was planted, and where.
type soil struct{ secrets map[string]string }

// plant makes a text that stands nowhere else.
func (s *soil) plant(where string) string {
	return s.keep(fmt.Sprintf("Zqx%04dj", len(s.secrets)), where)
}

// phone makes a telephone number that stands nowhere else.
func (s *soil) phone(where string) string {
	return s.keep(fmt.Sprintf("+150377%05d", 61234+len(s.secrets)), where)
}

func (s *soil) keep(secret, where string) string {
	if s.secrets == nil {
		s.secrets = map[string]string{}
	}
	s.secrets[secret] = where
	return secret
}

// dossier is a case with a row of every table that its organisation can have.
type dossier struct {
	org, person, referral, service string
	// rows are the ids by table, with their _v
	rows    map[string][]harness.Row
	buckets []string
}

// one answers a row of a table.
func (d *dossier) one(table string) harness.Row { return d.rows[table][0] }

// refer lets the partner of an organisation bring a person to the program.
func (c *city) refer(t *testing.T, org string) *dossier {
	t.Helper()
	who := c.at(org, partner)
	person := harness.Insert("people", map[string]any{"code": c.soil.plant("people.code of a partner"), "notes": c.soil.plant("people.notes of a partner")})
	referral := harness.Insert("referrals", map[string]any{"person_id": person.Row, "source": "law_enforcement", "referred_on": "2026-03-02",
		"reason": c.soil.plant("referrals.reason of a partner")})
	must(t, who, "applied", person, referral)
	return &dossier{person: person.Row, referral: referral.Row}
}

// fill works a case until there is a row of every table. A case that a partner
// brought is worked from there.
func (c *city) fill(t *testing.T, org string, d *dossier) *dossier {
	t.Helper()
	chief, boss, field := c.at(org, manager), c.at(org, supervisor), c.at(org, worker)
	opener := chief
	if d == nil {
		d = &dossier{}
		d.person, d.referral = c.open(t, chief)
	} else {
		opener = boss // a partner's person goes to the lead organisation
		c.describe(t, boss, d.person)
	}
	d.org = c.orgs[org]
	service := harness.Insert("services", map[string]any{"referral_id": d.referral, "person_id": d.person, "track": "slo_icm", "org_id": d.org})
	d.service = service.Row
	must(t, opener, "applied", service, c.assign(d.service, field), c.lead(d.service, chief))
	pull(t, chief)
	c.papers(t, chief, d)
	c.pursue(t, field, d)
	c.disagree(t, chief, field, d.person)
	c.holdBack(t, opener, field, d.org)
	c.move(t, chief, d)
	c.decide(t, boss)
	pull(t, boss)
	d.rows = map[string][]harness.Row{}
	for table, rows := range boss.Tables {
		for _, row := range rows {
			if d.has(row) {
				d.rows[table] = append(d.rows[table], row)
				d.buckets = append(d.buckets, row.Bucket())
			}
		}
	}
	slices.Sort(d.buckets)
	d.buckets = slices.Compact(d.buckets)
	return d
}

// has tells whether a row of the organisation belongs to this case, or is the
// organisation's own.
func (d *dossier) has(row harness.Row) bool {
	switch row.Bucket() {
	case d.person, d.service, d.org:
		return true
	}
	return row.Text("service_id") == d.service || row.Text("mutation_id") != ""
}

func (c *city) assign(service string, who *harness.Device) harness.Mutation {
	return harness.Insert("assignments", map[string]any{"service_id": service, "user_id": who.Tokens.User.ID, "role": worker})
}

func (c *city) lead(service string, who *harness.Device) harness.Mutation {
	return harness.Insert("assignments", map[string]any{"service_id": service, "user_id": who.Tokens.User.ID, "role": manager})
}

// open inserts a person with a text in every field that takes one, and a referral.
func (c *city) open(t *testing.T, who *harness.Device) (person, referral string) {
	t.Helper()
	insert := harness.Insert("people", map[string]any{"code": c.soil.plant("people.code"), "supervision": "parole", "houseless": true, "notes": c.soil.plant("people.notes")})
	refer := harness.Insert("referrals", map[string]any{"person_id": insert.Row, "source": "outreach", "referred_on": "2026-03-02", "reason": c.soil.plant("referrals.reason")})
	must(t, who, "applied", insert, refer)
	c.describe(t, who, insert.Row)
	return insert.Row, refer.Row
}

func (c *city) describe(t *testing.T, who *harness.Device, person string) {
	t.Helper()
	pull(t, who)
	set := map[string]any{"phones": []string{c.soil.phone("people.phones")}}
	for _, field := range []string{"first_name", "last_name", "gender", "address"} {
		set[field] = c.soil.plant("people." + field)
	}
	for _, field := range []string{"aliases", "languages"} {
		set[field] = []string{c.soil.plant("people." + field)}
	}
	must(t, who, "applied", harness.Patch("people", person, who.Row("people", person).V(), set))
}

// papers inserts what a case manager writes about a person.
func (c *city) papers(t *testing.T, who *harness.Device, d *dossier) {
	t.Helper()
	p := c.soil.plant
	must(t, who, "applied",
		harness.Insert("known_contacts", map[string]any{"person_id": d.person, "name": p("known_contacts.name"), "relation": "family",
			"phones": []string{c.soil.phone("known_contacts.phones")}, "notes": p("known_contacts.notes")}),
		harness.Insert("assessments", map[string]any{"person_id": d.person, "shooting_review_on": "2026-03-02", "disposition": "referred",
			"override": "yes", "override_reason": p("assessments.override_reason")}),
		harness.Insert("action_items", map[string]any{"person_id": d.person, "text": p("action_items.text"), "due_on": "2026-04-02"}),
		harness.Insert("program_events", map[string]any{"person_id": d.person, "kind": "relocation", "on": "2026-03-09"}),
		harness.Insert("consents", map[string]any{"person_id": d.person, "recipient_org_id": c.orgs[community], "scope": p("consents.scope"),
			"signed_on": "2026-03-02", "expires_on": "2036-03-02"}),
		harness.Insert("reminders", map[string]any{"service_id": d.service, "due_at": harness.At(time.Now()), "note": p("reminders.note")}))
}

// pursue inserts attempts, one of them through the probation officer, which leaves a
// disclosure, and ends in a refusal.
func (c *city) pursue(t *testing.T, who *harness.Device, d *dossier) {
	t.Helper()
	pull(t, who)
	attempt := func(channel, outcome string) harness.Mutation {
		return harness.Insert("contact_attempts", map[string]any{"service_id": d.service, "channel": channel, "outcome": outcome,
			"occurred_at": harness.At(time.Now().Add(-time.Minute)), "note": c.soil.plant("contact_attempts.note"),
			"latitude": 45.7319, "longitude": -122.9137})
	}
	c.soil.keep("45.732", "contact_attempts.latitude")
	c.soil.keep("122.914", "contact_attempts.longitude")
	must(t, who, "applied", attempt("in_person_visit", "unsafe_aborted"), attempt("probation_officer", "located_in_custody"))
	pull(t, who)
	must(t, who, "applied", harness.Patch("services", d.service, who.Row("services", d.service).V(),
		map[string]any{"status": "refused", "status_reason": c.soil.plant("services.status_reason")}))
}

// disagree lets two people write one field from the same base: a value loses.
func (c *city) disagree(t *testing.T, first, second *harness.Device, person string) {
	t.Helper()
	pull(t, first)
	base := first.Row("people", person).V()
	for _, who := range []*harness.Device{first, second} {
		must(t, who, "applied merged", harness.Patch("people", person, base, map[string]any{"gender": c.soil.plant("people.gender in a conflict")}))
	}
}

// holdBack lets somebody write into a case that was taken from them.
func (c *city) holdBack(t *testing.T, chief, field *harness.Device, org string) {
	t.Helper()
	person, referral := c.open(t, chief)
	service := harness.Insert("services", map[string]any{"referral_id": referral, "person_id": person, "track": "hhp", "org_id": org})
	given := c.assign(service.Row, field)
	v := must(t, chief, "applied", service, given)[1].V
	must(t, chief, "applied", harness.Patch("assignments", given.Row, v, map[string]any{"ended_at": harness.At(time.Now())}))
	must(t, field, "quarantined", harness.Patch("people", person, v, map[string]any{"address": c.soil.plant("quarantine.set")}))
}

// move asks for a transfer that nobody answers.
func (c *city) move(t *testing.T, who *harness.Device, d *dossier) {
	t.Helper()
	must(t, who, "applied", harness.Insert("transfers", map[string]any{"service_id": d.service, "to_org_id": c.orgs[community],
		"reason": c.soil.plant("transfers.reason")}))
}

// decide leaves a setting of the organisation, once.
func (c *city) decide(t *testing.T, who *harness.Device) {
	t.Helper()
	results, err := who.Push(ctx(t), harness.Insert("settings", map[string]any{"key": "quiet_hours", "value": map[string]any{"start": "21:17", "end": "07:43"}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := results[0]; got.Status != "applied" && got.Code != "row_exists" {
		t.Fatalf("a supervisor's setting ended %+v", got)
	}
}

// contains tells whether a word stands in a list of words.
func contains(words, word string) bool { return slices.Contains(strings.Fields(words), word) }
