package contract

import (
	"net/http"
	"slices"
	"testing"

	"pursuit/sim/harness"
)

// schemaScenarios: docs/protocol.md, sections 5 and 9, the schema and old apps.
func schemaScenarios() []scenario {
	return []scenario{
		{"the schema lists every table and field", schemaLists},
		{"policies stand where the contract puts them", schemaPolicies},
		{"codes and limits are listed", schemaCodes},
		{"required and read-only fields are told", schemaFlags},
		{"an app older than min_schema is told to upgrade and still pushes", upgrade},
		{"backfill brings nothing that is not new", backfillNothing},
		{"an app ahead of the server syncs", newerApp},
	}
}

type schemaField struct {
	Type, Policy string
	Required     bool
	ReadOnly     bool `json:"read_only"`
	Values       []string
	MaxLength    int `json:"max_length"`
}

type schemaTable struct {
	Bucket string
	Fields map[string]schemaField
}

type schemaAnswer struct {
	Schema    int
	MinSchema int `json:"min_schema"`
	Tables    map[string]schemaTable
}

func (w *town) schema() schemaAnswer {
	w.t.Helper()
	answer := call(w.t, w.Admin.Client, http.MethodGet, "/v1/sync/schema", nil)
	expect(w.t, answer, http.StatusOK, "")
	var schema schemaAnswer
	if err := answer.Decode(&schema); err != nil {
		w.t.Fatal(err)
	}
	return schema
}

// tables is the domain's list: each table with its fields.
func tables() map[string][]string {
	return map[string][]string{
		"people":           {"code", "first_name", "last_name", "aliases", "date_of_birth", "gender", "phones", "address", "languages", "supervision", "houseless", "notes"},
		"known_contacts":   {"person_id", "name", "relation", "phones", "ok_to_contact", "notes"},
		"assessments":      {"person_id", "shooting_review_on", "factors", "arrest_count", "high_risk", "override", "override_reason", "disposition"},
		"referrals":        {"person_id", "source", "referred_on", "assessment_id", "reason"},
		"services":         {"referral_id", "person_id", "track", "org_id", "status", "status_reason", "status_on", "short_term_ends_on"},
		"assignments":      {"service_id", "user_id", "role", "started_at", "ended_at"},
		"contact_attempts": {"service_id", "channel", "outcome", "occurred_at", "known_contact_id", "duration_minutes", "note", "latitude", "longitude", "worker_id", "occurred_at_device", "recorded_at", "received_at", "late", "clock_suspect", "policy_exception"},
		"status_events":    {"service_id", "from", "to", "reason", "on", "by"},
		"reminders":        {"service_id", "user_id", "kind", "due_at", "state", "snoozed_until", "note", "escalation"},
		"action_items":     {"person_id", "kind", "meeting_on", "text", "owner_id", "due_on", "done_on"},
		"program_events":   {"person_id", "kind", "on", "meeting_id"},
		"consents":         {"person_id", "recipient_org_id", "scope", "signed_on", "expires_on", "revoked_on"},
		"quarantine":       {"mutation_id", "table", "row", "op", "set", "reason", "by", "at", "state"},
		"conflicts":        {"table", "row", "field", "policy", "base_value", "kept_value", "lost_value", "lost_by", "lost_at", "state"},
		"staff":            {"user_id", "name", "role", "active"},
		"settings":         {"key", "value"},
	}
}

func schemaLists(t *testing.T, at *place) {
	schema := at.program(t).schema()
	if schema.Schema < 1 || schema.MinSchema < 1 || schema.MinSchema > schema.Schema {
		t.Errorf("schema %d, min_schema %d", schema.Schema, schema.MinSchema)
	}
	for table, fields := range tables() {
		about, ok := schema.Tables[table]
		if !ok {
			t.Errorf("the schema lacks table %s", table)
			continue
		}
		if about.Bucket == "" {
			t.Errorf("%s tells no bucket", table)
		}
		for _, field := range append(fields, "created_by", "created_at", "updated_by", "updated_at") {
			if one, ok := about.Fields[field]; !ok || one.Type == "" {
				t.Errorf("the schema lacks %s.%s: %+v", table, field, one)
			}
		}
	}
}

func schemaPolicies(t *testing.T, at *place) {
	schema := at.program(t).schema()
	special := map[string]string{"people.aliases": "union", "people.phones": "union", "people.languages": "union", "people.notes": "text",
		"known_contacts.phones": "union", "known_contacts.notes": "text", "contact_attempts.note": "text", "services.status": "authority",
		"services.status_reason": "authority", "services.status_on": "authority", "reminders.state": "max"}
	for table, fields := range tables() {
		for _, field := range fields {
			one := schema.Tables[table].Fields[field]
			want, named := special[table+"."+field]
			if named && one.Policy != want || !named && !one.ReadOnly && one.Policy != "latest" && table+"."+field != "reminders.note" {
				t.Errorf("%s.%s has policy %q, want %q", table, field, one.Policy, max(want, "latest"))
			}
		}
	}
}

func schemaCodes(t *testing.T, at *place) {
	schema := at.program(t).schema()
	for name, want := range map[[2]string][]string{
		{"people", "supervision"}:       {"none", "probation", "parole", "post_prison", "unknown"},
		{"contact_attempts", "channel"}: {"call", "text", "in_person_visit", "family_friends_known_contacts", "current_participant", "social_media", "probation_officer"},
		{"contact_attempts", "outcome"}: {"no_answer", "left_message", "message_sent", "number_disconnected", "wrong_number", "not_there", "unsafe_aborted",
			"third_party_reached", "located_in_custody", "located_in_hospital", "moved_away", "deceased", "replied", "spoke", "met", "meeting_set", "accepted", "refused"},
		{"services", "status"}:  {"pursuing", "slo_engaged", "enrolled", "short_term", "refused", "unable_to_place", "closed"},
		{"services", "track"}:   {"slo_icm", "hhp", "tvif"},
		{"reminders", "state"}:  {"pending", "snoozed", "done", "cancelled"},
		{"conflicts", "state"}:  {"open", "kept", "restored"},
		{"quarantine", "state"}: {"open", "released", "dismissed"},
	} {
		got := slices.Clone(schema.Tables[name[0]].Fields[name[1]].Values)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%v has the codes %v, want %v", name, got, want)
		}
	}
	for name, want := range map[[2]string]int{{"people", "notes"}: 20000, {"people", "code"}: 500, {"known_contacts", "name"}: 500, {"contact_attempts", "note"}: 20000} {
		if got := schema.Tables[name[0]].Fields[name[1]].MaxLength; got != want {
			t.Errorf("%v has max_length %d, want %d", name, got, want)
		}
	}
}

func schemaFlags(t *testing.T, at *place) {
	schema := at.program(t).schema()
	for name, want := range map[[2]string]schemaField{
		{"people", "code"}: {Required: true}, {"people", "first_name"}: {}, {"contact_attempts", "occurred_at"}: {Required: true},
		{"contact_attempts", "late"}: {ReadOnly: true}, {"contact_attempts", "worker_id"}: {ReadOnly: true}, {"people", "created_by"}: {ReadOnly: true},
		{"assessments", "high_risk"}: {ReadOnly: true}, {"services", "short_term_ends_on"}: {ReadOnly: true}, {"conflicts", "lost_value"}: {ReadOnly: true},
		{"conflicts", "state"}: {}, {"staff", "name"}: {ReadOnly: true}, {"reminders", "due_at"}: {Required: true},
	} {
		got := schema.Tables[name[0]].Fields[name[1]]
		if got.Required != want.Required || got.ReadOnly != want.ReadOnly {
			t.Errorf("%v: required %v, read-only %v", name, got.Required, got.ReadOnly)
		}
	}
}

func upgrade(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	schema := w.schema()
	person := harness.Insert("people", map[string]any{"code": "K"})
	request := crew.manager.Request([]harness.Mutation{person}, &harness.Pull{})
	request.Schema = schema.MinSchema - 1
	answer := crew.manager.call(http.MethodPost, "/v1/sync", request)
	if request.Schema < 1 && answer.Status == http.StatusUnprocessableEntity {
		problem(t, answer) // no schema is older than the first
		return
	}
	expect(t, answer, http.StatusOK, "")
	var page harness.Page
	if err := answer.Decode(&page); err != nil {
		t.Fatal(err)
	}
	if page.Directive == nil || page.Directive.Kind != "upgrade" || page.Directive.MinSchema != schema.MinSchema {
		t.Fatalf("directive %+v, want upgrade to %d", page.Directive, schema.MinSchema)
	}
	outcome(t, page.Results[0], "applied", "", "")
	if page.Cursor == "" {
		t.Fatal("no cursor beside the directive")
	}
	crew.manager.Apply(page)
	crew.manager.sees(true, "people", person.Row)
}

func backfillNothing(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	crew.manager.flock(3)
	crew.manager.pull()
	page, err := crew.manager.Sync(w.ctx, crew.manager.Request(nil, &harness.Pull{Backfill: &harness.Backfill{FromSchema: w.schema().Schema}}))
	if err != nil {
		t.Fatal(err)
	}
	if page.Rows() != 0 || !page.Complete {
		t.Errorf("a backfill from the current schema brought %d rows, complete %v", page.Rows(), page.Complete)
	}
	crew.manager.pull()
}

func newerApp(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "K"})
	request := crew.manager.Request([]harness.Mutation{person}, &harness.Pull{})
	request.Schema = w.schema().Schema + 1
	page, err := crew.manager.Sync(w.ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	outcome(t, page.Results[0], "applied", "", "")
	if page.Directive != nil || page.Rows() == 0 {
		t.Errorf("an app ahead of the server: directive %+v, %d rows", page.Directive, page.Rows())
	}
}
