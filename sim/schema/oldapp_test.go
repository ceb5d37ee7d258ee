package schema

import (
	"net/http"

	"pursuit/sim/harness"
)

// When the server is upgraded under an old app, nothing comes again, no cursor is
// refused, and the app goes on writing and reading.
func oldAppGoesOn(s *stage) {
	person, contact := s.person(s.manager, "Before")
	s.pull(s.manager)
	s.becomes(s.bin.trial)
	s.app(1, s.manager)
	if n := s.pull(s.manager); n != 0 {
		s.Errorf("%d rows came again after the server's upgrade", n)
	}
	digests, err := s.manager.JSON(s.ctx, http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": s.manager.Cursor})
	must(s, err)
	var server harness.Digests
	must(s, digests.Decode(&server))
	if got, want := s.manager.Digest()[person], server.Buckets[person]; got["people"] != want["people"] || got["known_contacts"] != want["known_contacts"] {
		s.Errorf("digests of what the app holds differ: %v, %v", got, want)
	}
	after, later := s.person(s.manager, "After")
	page, err := s.manager.Sync(s.ctx, s.manager.Request([]harness.Mutation{patch(s.manager, "people", person, map[string]any{"first_name": "Eve"})}, s.manager.NextPull()))
	must(s, err)
	if page.Directive != nil || page.Results[0].Status != "applied" {
		s.Errorf("an app that is still served: directive %+v, result %+v", page.Directive, page.Results[0])
	}
	s.manager.Apply(page)
	s.field(s.manager, "people", person, "first_name", "Eve")
	for _, row := range []string{person, after} {
		if _, there := s.manager.Row("people", row)["preferred_name"]; there {
			s.Error("the old app keeps what it does not know: the test would show nothing")
		}
	}
	young := s.second(s.manager) // a fresh installation of the new app: every field is named
	s.app(2, young)
	s.pull(young)
	for _, row := range []string{person, after} {
		s.field(young, "people", row, "preferred_name", nil)
	}
	for _, row := range []string{contact, later} {
		s.field(young, "known_contacts", row, "standing", "active")
	}
}

// What new apps wrote stands, whatever old ones do with the same rows.
func oldAppBlanksNothing(s *stage) {
	person, contact := s.person(s.manager, "Shared")
	s.becomes(s.bin.trial)
	young := s.second(s.manager)
	s.app(1, s.manager)
	s.app(2, young)
	s.pull(s.manager)
	s.pull(young)
	errand := harness.Insert("errands", map[string]any{"person_id": person, "what": "bus pass", "note": "one\ntwo"})
	s.applied(young, errand, patch(young, "people", person, map[string]any{"preferred_name": "Kit"}),
		patch(young, "known_contacts", contact, map[string]any{"standing": "lapsed"}))
	known := map[string]any{} // an app that sends all it knows, whether it changed or not
	for _, field := range []string{"code", "last_name", "aliases", "gender", "phones", "address", "languages", "supervision", "houseless", "notes", "date_of_birth"} {
		known[field] = s.manager.Row("people", person)[field]
	}
	known["first_name"] = "Eve"
	s.applied(s.manager, patch(s.manager, "people", person, known), patch(s.manager, "known_contacts", contact, map[string]any{"name": "Aunt Bea"}))
	s.pull(young)
	s.field(young, "people", person, "preferred_name", "Kit")
	s.field(young, "people", person, "first_name", "Eve")
	s.field(young, "known_contacts", contact, "standing", "lapsed")
	s.field(young, "known_contacts", contact, "name", "Aunt Bea")
	s.field(young, "errands", errand.Row, "note", "one\ntwo")
	if n := young.Count("conflicts"); n != 0 {
		s.Errorf("%d conflicts, though nobody changed what another did", n)
	}
	// A delete by an old app that has not seen the new app's edit yields to it.
	s.applied(young, patch(young, "known_contacts", contact, map[string]any{"standing": "active"}))
	results, err := s.manager.Push(s.ctx, harness.Delete("known_contacts", contact, s.manager.Row("known_contacts", contact).V()))
	must(s, err)
	if results[0].Status != "merged" {
		s.Errorf("the delete is %+v", results[0])
	}
	if row := results[0].Row; row.Text("standing") != "active" {
		s.Errorf("the row that stands is %v", row)
	}
	bad, err := young.Push(s.ctx, patch(young, "known_contacts", contact, map[string]any{"standing": nil}), patch(young, "known_contacts", contact, map[string]any{"standing": "gone"}))
	must(s, err)
	if bad[0].Code != "missing_field" || bad[1].Code != "invalid_value" {
		s.Errorf("a code with a default that is unset or unknown: %+v", bad)
	}
}

// An app whose schema is not served any more has its push stored and its pull
// answered, and is told to upgrade.
func retiredApp(s *stage) {
	s.becomes(s.bin.retired)
	s.app(1, s.manager)
	p := harness.Insert("people", map[string]any{"code": "Late"})
	page, err := s.manager.Sync(s.ctx, s.manager.Request([]harness.Mutation{p}, s.manager.NextPull()))
	must(s, err)
	if page.Directive == nil || page.Directive.Kind != "upgrade" || page.Directive.MinSchema != 2 {
		s.Errorf("directive %+v, want upgrade to 2", page.Directive)
	}
	if page.Results[0].Status != "applied" || page.Cursor == "" {
		s.Errorf("result %+v, cursor %q", page.Results[0], page.Cursor)
	}
	s.manager.Apply(page)
	s.app(2, s.manager)
	s.pull(s.manager) // ends with an error at a directive
	must(s, s.manager.Backfill(s.ctx, 1, 10, func(harness.Page) error { return nil }))
	s.field(s.manager, "people", p.Row, "preferred_name", nil)
}

// While instances are replaced in turn, one of the first schema writes the rows that
// one of the second wrote: it keeps what it does not know.
func instancesOfTwoVersions(s *stage) {
	if s.site.Kind != harness.Postgres {
		return // SQLite has one instance
	}
	person, contact := s.person(s.manager, "Both")
	s.site.Binary = s.bin.trial
	beside, err := s.site.Start(s.ctx, nil)
	must(s, err)
	defer func() { must(s, beside.Stop()) }()
	young := s.second(s.manager)
	young.Base = beside.URL
	young.App, err = harness.AppOf(s.ctx, young.Client, 2)
	must(s, err)
	s.pull(young)
	s.applied(young, patch(young, "people", person, map[string]any{"preferred_name": "Kit"}),
		patch(young, "known_contacts", contact, map[string]any{"standing": "lapsed"}),
		harness.Insert("errands", map[string]any{"person_id": person, "what": "bus pass"}))
	s.pull(s.manager) // through the instance of the first schema
	s.applied(s.manager, patch(s.manager, "people", person, map[string]any{"first_name": "Eve"}), patch(s.manager, "known_contacts", contact, map[string]any{"name": "Bea"}))
	_, made := s.person(s.manager, "Meanwhile")
	s.pull(young)
	s.field(young, "people", person, "preferred_name", "Kit")
	s.field(young, "people", person, "first_name", "Eve")
	s.field(young, "known_contacts", contact, "standing", "lapsed")
	s.field(young, "known_contacts", contact, "name", "Bea")
	s.applied(young, patch(young, "known_contacts", made, map[string]any{"name": "Written again"}))
	s.pull(young)
	s.field(young, "known_contacts", made, "standing", "active")
}
