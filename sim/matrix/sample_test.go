package matrix

import (
	"testing"
	"time"

	"pursuit/sim/harness"
)

// sample is a mutation of the caller's own organisation, and what must be there first.
type sample struct {
	before   []harness.Mutation
	mutation harness.Mutation
}

// values are what an insert into each table needs beside its parent, and a patch
// that changes something.
func (c tableCell) values() (insert, patch map[string]any) {
	now, home := harness.At(time.Now().Add(-time.Second)), c.s.home
	switch c.table {
	case "people":
		return map[string]any{"code": "New"}, map[string]any{"first_name": "Changed"}
	case "known_contacts":
		return map[string]any{"name": "New", "relation": "friend"}, map[string]any{"ok_to_contact": true}
	case "assessments":
		return map[string]any{"shooting_review_on": "2026-03-02", "disposition": "sscc"}, map[string]any{"arrest_count": 3}
	case "referrals":
		source := map[string]string{worker: "outreach", partner: "community_partner"}[c.role]
		if source == "" {
			source = "shooting_review"
		}
		return map[string]any{"source": source, "referred_on": "2026-03-02"}, map[string]any{"reason": "changed"}
	case "services":
		return map[string]any{"track": "tvif", "org_id": home.orgs[ours]}, map[string]any{"status": "slo_engaged"}
	case "assignments":
		return map[string]any{"user_id": home.at(ours, worker).Tokens.User.ID, "role": worker}, map[string]any{"ended_at": now}
	case "contact_attempts":
		return map[string]any{"channel": "call", "outcome": "spoke", "occurred_at": now}, map[string]any{"duration_minutes": 4}
	case "reminders":
		return map[string]any{"due_at": now, "user_id": c.who.Tokens.User.ID}, map[string]any{"state": "done"}
	case "action_items":
		return map[string]any{"text": "New", "owner_id": c.who.Tokens.User.ID}, map[string]any{"done_on": "2026-03-04"}
	case "program_events":
		return map[string]any{"kind": "call_in", "on": "2026-03-04"}, map[string]any{"on": "2026-03-05"}
	case "consents":
		return map[string]any{"recipient_org_id": home.orgs[police], "signed_on": "2026-03-02", "expires_on": "2036-03-02"}, map[string]any{"revoked_on": "2026-03-05"}
	case "transfers":
		return map[string]any{"to_org_id": home.orgs[community]}, map[string]any{"state": "withdrawn"}
	case "settings":
		return map[string]any{"key": "push_cap", "value": 5}, map[string]any{"value": 6}
	case "conflicts":
		return map[string]any{}, map[string]any{"state": "kept"}
	case "quarantine":
		return map[string]any{}, map[string]any{"state": "dismissed"}
	}
	return map[string]any{}, map[string]any{}
}

// parents names the fields by which a row of each table hangs on its case.
func parents(table string, d *dossier) map[string]any {
	switch table {
	case "known_contacts", "assessments", "referrals", "action_items", "program_events", "consents":
		return map[string]any{"person_id": d.person}
	case "services":
		return map[string]any{"person_id": d.person, "referral_id": d.referral}
	case "assignments", "contact_attempts", "reminders", "transfers":
		return map[string]any{"service_id": d.service}
	}
	return nil
}

func merged(a, b map[string]any) map[string]any {
	out := map[string]any{}
	for _, part := range []map[string]any{a, b} {
		for name, value := range part {
			out[name] = value
		}
	}
	return out
}

// mine makes the mutation of a row that the caller's organisation has in a case of
// its own, made for this cell.
func (c tableCell) mine(t *testing.T) sample {
	t.Helper()
	d := c.desk(t)
	insert, patch := c.values()
	set := merged(insert, parents(c.table, d))
	if c.op == "insert" {
		return c.ownInsert(t, d, set)
	}
	id, v := c.row(t, d, set)
	if c.op == "delete" {
		return sample{mutation: harness.Delete(c.table, id, v)}
	}
	return sample{mutation: harness.Patch(c.table, id, v, patch)}
}

// ownInsert makes an insert into a case of the caller's own. Who may only write on
// what they brought themselves, brings it first.
func (c tableCell) ownInsert(t *testing.T, d *dossier, set map[string]any) sample {
	t.Helper()
	mutation := harness.Insert(c.table, set)
	switch {
	case c.role == partner && c.table == "referrals":
		person := harness.Insert("people", map[string]any{"code": "Brought"})
		mutation.Set["person_id"] = person.Row
		return sample{before: []harness.Mutation{person}, mutation: mutation}
	case c.role == worker && c.table == "services":
		refer := harness.Insert("referrals", map[string]any{"person_id": d.person, "source": "outreach", "referred_on": "2026-03-02"})
		mutation.Set["referral_id"] = refer.Row
		return sample{before: []harness.Mutation{refer}, mutation: mutation}
	case c.table == "settings":
		c.clear(t, set["key"].(string))
	}
	return sample{mutation: mutation}
}

// clear removes the caller's row of a setting, for there is one a key.
func (c tableCell) clear(t *testing.T, key string) {
	t.Helper()
	pull(t, c.who)
	for _, row := range c.who.Tables["settings"] {
		mine := row.Bucket() == c.s.home.orgs[ours] && c.role == supervisor || row.Bucket() == c.s.home.ID && c.role == admin
		if row.Text("key") == key && mine {
			must(t, c.who, "applied", harness.Delete("settings", row.ID(), row.V()))
		}
	}
}

// desk makes a case of the caller's organisation that its manager and worker hold,
// with a consent to transfer it.
func (c tableCell) desk(t *testing.T) *dossier {
	t.Helper()
	chief, field := c.s.home.at(ours, manager), c.s.home.at(ours, worker)
	d := &dossier{org: c.s.home.orgs[ours]}
	person := harness.Insert("people", map[string]any{"code": "Desk"})
	referral := harness.Insert("referrals", map[string]any{"person_id": person.Row, "source": "outreach", "referred_on": "2026-03-02"})
	service := harness.Insert("services", map[string]any{"person_id": person.Row, "referral_id": referral.Row, "track": "slo_icm", "org_id": d.org})
	consent := harness.Insert("consents", map[string]any{"person_id": person.Row, "recipient_org_id": c.s.home.orgs[community], "signed_on": "2026-03-02", "expires_on": "2036-03-02"})
	must(t, chief, "applied", person, referral, service, consent, c.s.home.assign(service.Row, field))
	d.person, d.referral, d.service = person.Row, referral.Row, service.Row
	return d
}

// row makes a row of the table in a case, by the caller where they may insert one and
// by their case manager where not, and answers its id and _v.
func (c tableCell) row(t *testing.T, d *dossier, set map[string]any) (id string, v int64) {
	t.Helper()
	chief, boss := c.s.home.at(ours, manager), c.s.home.at(ours, supervisor)
	switch c.table {
	case "people":
		pull(t, chief)
		return d.person, chief.Row("people", d.person).V()
	case "services":
		pull(t, chief)
		return d.service, chief.Row("services", d.service).V()
	case "conflicts":
		c.s.home.disagree(t, chief, c.s.home.at(ours, worker), d.person)
		return newest(t, boss, c.table)
	case "quarantine":
		c.s.home.holdBack(t, chief, c.s.home.at(ours, worker), d.org)
		return newest(t, boss, c.table)
	case "status_events", "disclosures", "staff":
		row := c.s.home.cases[ours].one(c.table)
		return row.ID(), row.V()
	case "settings":
		author := c.s.home.at(ours, supervisor)
		if c.role == admin {
			author = c.who
		}
		by := tableCell{s: c.s, who: author, role: author.Tokens.User.Role, table: c.table}
		by.clear(t, set["key"].(string))
		return inserted(t, author, c.table, set)
	}
	author := chief
	if by := writes()[c.table][c.role]; contains("i ip ipd", by) {
		author = c.who
	}
	if c.table == "referrals" && author.Tokens.User.Role == partner {
		author = chief
	}
	return inserted(t, author, c.table, set)
}

func inserted(t *testing.T, author *harness.Device, table string, set map[string]any) (id string, v int64) {
	t.Helper()
	insert := harness.Insert(table, set)
	return insert.Row, must(t, author, "applied", insert)[0].V
}

// newest answers the youngest open row of a table on a device.
func newest(t *testing.T, who *harness.Device, table string) (id string, v int64) {
	t.Helper()
	pull(t, who)
	for _, row := range who.Tables[table] {
		if row.V() > v && row.Text("state") == "open" {
			id, v = row.ID(), row.V()
		}
	}
	return id, v
}

// theirs makes the same mutation of a row of somebody else's; the base is the same for
// all, so that nothing but the id differs. It is not possible where the table has no
// parent to hang on, for then an insert names nothing of anybody's.
func (c tableCell) theirs(at where) (harness.Mutation, bool) {
	insert, patch := c.values()
	d := c.s.caseOf(c.s.home.at(ours, worker), at)
	if c.op == "insert" {
		hook := parents(c.table, &dossier{person: harness.NewID(), referral: harness.NewID(), service: harness.NewID()})
		if d != nil {
			hook = parents(c.table, d)
		}
		return harness.Insert(c.table, merged(insert, hook)), hook != nil
	}
	id := harness.NewID()
	if d != nil {
		id = d.one(c.table).ID()
	}
	base := c.s.home.cases[theirs].one(c.table).V()
	if c.op == "delete" {
		return harness.Delete(c.table, id, base), true
	}
	return harness.Patch(c.table, id, base, patch), true
}
