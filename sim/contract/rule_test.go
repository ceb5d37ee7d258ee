package contract

import (
	"math"
	"testing"
	"time"

	"pursuit/sim/harness"
)

// ruleScenarios: the rules of the tables that a push must hold (who writes what,
// transitions, what the server sets).
func ruleScenarios() []scenario {
	return []scenario{
		{"legal transitions apply and leave a status event", transitionsLegal},
		{"illegal transitions are refused", transitionsIllegal},
		{"a worker sets engaged and refused alone", transitionsWorker},
		{"reopening needs a manager and a reason", reopen},
		{"unable to place takes the five reasons", unableReasons},
		{"short-term services end after 90 days", shortTerm},
		{"a worker's own outreach referral becomes their service", workerService},
		{"a worker writes no service of another source or organisation", workerServiceFaults},
		{"high risk is computed from the seven factors", highRisk},
		{"an override needs a reason", overrideReason},
		{"coordinates are rounded on arrival", rounded},
		{"an attempt is patched by its author and the managers", attemptAuthors},
		{"workers may refer by outreach and partners by the other two", referralSources},
		{"settings are one row a key in their bucket", settingsRows},
		{"a service for another organisation needs the lead", foreignService},
		{"ending an assignment means now", endMeansNow},
	}
}

// advance patches the status of a service at its newest base.
func (p *phone) advance(service, status, reason string) harness.Result {
	p.town.t.Helper()
	base := p.must("services", service).V()
	set := map[string]any{"status": status}
	if reason != "" {
		set["status_reason"] = reason
	}
	return p.one(harness.Patch("services", service, base, set))
}

func transitionsLegal(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	for _, path := range [][]string{{"slo_engaged", "enrolled", "closed", "pursuing"}, {"short_term", "enrolled"}, {"short_term", "closed"},
		{"refused", "pursuing"}, {"unable_to_place", "pursuing"}, {"enrolled"}, {"closed"}, {"slo_engaged", "refused"}, {"slo_engaged", "unable_to_place"}, {"slo_engaged", "pursuing"}} {
		made := w.open(crew, crew.worker)
		events := map[string]string{}
		from := "pursuing"
		for _, to := range path {
			reason := map[string]string{"unable_to_place": "unable_to_contact", "pursuing": "back again"}[to]
			outcome(t, crew.manager.advance(made.service, to, reason), "applied", "", "")
			events[from] = to
			from = to
		}
		if got := crew.manager.must("services", made.service); got.Text("status") != from {
			t.Errorf("after %v the status is %q", path, got.Text("status"))
		}
		found := 0
		for _, event := range crew.manager.Tables["status_events"] {
			if event.Text("service_id") == made.service {
				found++
				if events[event.Text("from")] != event.Text("to") || event.Bucket() != made.service || event.Text("by") != crew.manager.Tokens.User.ID {
					t.Errorf("status event %v on the path %v", event, path)
				}
			}
		}
		if found != len(path) {
			t.Errorf("%d status events after %v", found, path)
		}
	}
}

func transitionsIllegal(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	for _, path := range [][]string{{"enrolled", "slo_engaged"}, {"enrolled", "pursuing"}, {"enrolled", "refused"}, {"short_term", "slo_engaged"},
		{"short_term", "pursuing"}, {"refused", "enrolled"}, {"unable_to_place", "slo_engaged"}, {"closed", "enrolled"}, {"slo_engaged", "short_term"}, {"slo_engaged", "closed"}} {
		made := w.open(crew, nil)
		outcome(t, crew.manager.advance(made.service, path[0], map[string]string{"unable_to_place": "unable_to_contact"}[path[0]]), "applied", "", "")
		got := crew.manager.advance(made.service, path[1], "because")
		outcome(t, got, "rejected", "forbidden_transition", "status")
		if got.Row.Text("status") != path[0] {
			t.Errorf("the rejection of %v shows %v", path, got.Row)
		}
	}
}

func transitionsWorker(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	for status, want := range map[string]string{"slo_engaged": "applied", "refused": "applied", "enrolled": "rejected", "short_term": "rejected", "unable_to_place": "rejected", "closed": "rejected"} {
		made := w.open(crew, crew.worker)
		got := crew.worker.advance(made.service, status, map[string]string{"unable_to_place": "unable_to_contact"}[status])
		if got.Status != want || want == "rejected" && got.Code != "forbidden_transition" && got.Code != "forbidden" {
			t.Errorf("a worker sets %s: %+v, want %s", status, got, want)
		}
	}
	made := w.open(crew, crew.worker)
	base := crew.worker.must("services", made.service).V()
	got := crew.worker.one(harness.Patch("services", made.service, base, map[string]any{"track": "hhp"}))
	outcome(t, got, "rejected", "forbidden", "track")
}

func reopen(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	outcome(t, crew.manager.advance(made.service, "refused", ""), "applied", "", "")
	if got := crew.worker.advance(made.service, "pursuing", "came back"); got.Status != "rejected" {
		t.Errorf("a worker reopened a service: %+v", got)
	}
	if got := crew.manager.advance(made.service, "pursuing", ""); got.Status != "rejected" {
		t.Errorf("a service was reopened without a reason: %+v", got)
	}
	outcome(t, crew.manager.advance(made.service, "pursuing", "came back"), "applied", "", "")
}

func unableReasons(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	for _, reason := range []string{"reassessed_low_risk", "unable_to_contact", "severe_behavioral_health", "no_culturally_relevant_services", "referred_out_other"} {
		outcome(t, crew.manager.advance(w.open(crew, nil).service, "unable_to_place", reason), "applied", "", "")
	}
	outcome(t, crew.manager.advance(w.open(crew, nil).service, "unable_to_place", "just so"), "rejected", "invalid_value", "status_reason")
	outcome(t, crew.manager.advance(w.open(crew, nil).service, "refused", "just so"), "applied", "", "")
}

func shortTerm(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, nil)
	base := crew.manager.must("services", made.service).V()
	crew.manager.applied(harness.Patch("services", made.service, base, map[string]any{"status": "short_term", "status_on": "2026-01-15"}))
	got := crew.manager.must("services", made.service)
	if got.Text("short_term_ends_on") != "2026-04-15" || got.Text("status_on") != "2026-01-15" {
		t.Errorf("short_term on 2026-01-15 ends on %q, want 90 days later", got.Text("short_term_ends_on"))
	}
}

func workerService(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	person, referral, service := caseOf(crew.org)
	crew.worker.applied(person, referral, service)
	crew.worker.sees(true, "services", service.Row)
	crew.supervisor.sees(true, "services", service.Row)
	crew.supervisor.sees(true, "people", person.Row)
	var assigned []harness.Row
	for _, row := range crew.worker.Tables["assignments"] {
		if row.Text("service_id") == service.Row {
			assigned = append(assigned, row)
		}
	}
	if len(assigned) != 1 || assigned[0].Text("user_id") != crew.worker.Tokens.User.ID || assigned[0].Text("role") != "outreach_worker" || assigned[0]["ended_at"] != nil || assigned[0].Text("started_at") == "" {
		t.Errorf("a worker's own service leaves the assignments %v", assigned)
	}
	crew.worker.applied(attempt(service.Row))
}

func workerServiceFaults(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.crew(), w.crew()
	person, referral, service := caseOf(others.org)
	crew.worker.applied(person, referral)
	outcome(t, crew.worker.one(service), "rejected", "forbidden", "org_id")
	made := w.open(crew, crew.worker)
	crew.worker.pull()
	_, _, second := caseOf(crew.org)
	second.Set["person_id"], second.Set["referral_id"] = made.person, made.referral
	if got := crew.worker.one(second); got.Status != "rejected" || got.Code != "forbidden" {
		t.Errorf("a worker inserted a service on another's referral: %+v", got)
	}
	_, foreign, _ := caseOf(crew.org)
	foreign.Set["person_id"], foreign.Set["source"] = person.Row, "shooting_review"
	outcome(t, crew.worker.one(foreign), "rejected", "forbidden", "source")
}

func highRisk(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, nil)
	keys := []string{"male", "aged_18_44", "arrests_5_8", "group_involved", "previously_shot", "connected_to_recent_victim", "prior_justice_involvement"}
	for _, one := range []struct {
		yes, no int
		want    string
	}{{7, 0, "yes"}, {5, 2, "yes"}, {5, 0, "yes"}, {4, 0, "indeterminate"}, {4, 2, "indeterminate"}, {4, 3, "no"}, {0, 0, "indeterminate"}, {0, 3, "no"}, {0, 2, "indeterminate"}, {2, 3, "no"}} {
		factors := map[string]any{}
		for i, key := range keys {
			if i < one.yes {
				factors[key] = "yes"
			} else if i < one.yes+one.no {
				factors[key] = "no"
			} else if i%2 == 0 {
				factors[key] = "unknown"
			}
		}
		insert := harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred", "factors": factors})
		crew.manager.applied(insert)
		if got := crew.manager.must("assessments", insert.Row).Text("high_risk"); got != one.want {
			t.Errorf("%d yes and %d no: %s, want %s", one.yes, one.no, got, one.want)
		}
	}
	bad := harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred", "factors": map[string]any{"tall": "yes"}})
	outcome(t, crew.manager.one(bad), "rejected", "invalid_value", "factors")
}

func overrideReason(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, nil)
	insert := harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred", "override": "yes"})
	if got := crew.manager.one(insert); got.Status != "rejected" || got.Field != "override_reason" {
		t.Errorf("an override without a reason: %+v", got)
	}
	insert = harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred", "override": "yes", "override_reason": "known to the team"})
	crew.manager.applied(insert)
}

func rounded(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	visit := attempt(made.service)
	visit.Set["latitude"], visit.Set["longitude"] = 45.5231987, -122.6764812
	crew.worker.applied(visit)
	row := crew.worker.must("contact_attempts", visit.Row)
	latitude, _ := row["latitude"].(float64)
	longitude, _ := row["longitude"].(float64)
	if math.Abs(latitude-45.523) > 1e-9 || math.Abs(longitude+122.676) > 1e-9 {
		t.Errorf("coordinates %v, %v, want 45.523, -122.676", row["latitude"], row["longitude"])
	}
}

func attemptAuthors(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	other := w.user("outreach_worker", crew.org)
	made := w.open(crew, crew.worker)
	crew.manager.applied(assign(made.service, other))
	visit := attempt(made.service)
	base := crew.worker.applied(visit)
	other.sees(true, "contact_attempts", visit.Row)
	outcome(t, other.one(harness.Patch("contact_attempts", visit.Row, base, map[string]any{"outcome": "spoke"})), "rejected", "forbidden", "")
	outcome(t, other.one(harness.Delete("contact_attempts", visit.Row, base)), "rejected", "forbidden", "")
	for _, who := range []*phone{crew.worker, crew.manager, crew.supervisor} {
		base = who.applied(harness.Patch("contact_attempts", visit.Row, base, map[string]any{"note": "by " + who.Tokens.User.Role}))
	}
	crew.supervisor.applied(harness.Delete("contact_attempts", visit.Row, base))
}

func referralSources(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	partner := w.user("referral_partner", w.org("law_enforcement"))
	for _, who := range []*phone{crew.worker, partner} {
		person := harness.Insert("people", map[string]any{"code": "K"})
		who.applied(person)
		for _, source := range []string{"shooting_review", "law_enforcement", "community_partner", "outreach"} {
			legal := (source == "outreach") == (who == crew.worker) && source != "shooting_review"
			got := who.one(harness.Insert("referrals", map[string]any{"person_id": person.Row, "source": source, "referred_on": "2026-03-02"}))
			if legal && got.Status != "applied" || !legal && (got.Status != "rejected" || got.Code != "forbidden") {
				t.Errorf("a referral by %s of a %s: %+v", source, who.Tokens.User.Role, got)
			}
		}
	}
}

func settingsRows(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.team(), w.team()
	admin := w.phone(w.Admin)
	program := harness.Insert("settings", map[string]any{"key": "quiet_hours", "value": map[string]any{"start": "20:00", "end": "08:00"}})
	admin.applied(program)
	own := harness.Insert("settings", map[string]any{"key": "quiet_hours", "value": map[string]any{"start": "21:00", "end": "07:00"}})
	crew.supervisor.applied(own)
	again := harness.Insert("settings", map[string]any{"key": "quiet_hours", "value": map[string]any{"start": "22:00", "end": "06:00"}})
	if got := admin.one(again); got.Status != "rejected" {
		t.Errorf("a second row of one key: %+v", got)
	}
	crew.worker.sees(true, "settings", program.Row, own.Row)
	others.worker.sees(true, "settings", program.Row)
	others.worker.sees(false, "settings", own.Row)
	if a, b := crew.worker.Row("settings", program.Row), crew.worker.Row("settings", own.Row); a.Bucket() != w.ID || b.Bucket() != crew.org {
		t.Errorf("settings live in %v and %v", a, b)
	}
	v := crew.supervisor.must("settings", program.Row).V()
	if got := crew.supervisor.one(harness.Patch("settings", program.Row, v, map[string]any{"value": map[string]any{"start": "23:00", "end": "05:00"}})); got.Status != "rejected" || got.Code != "forbidden" {
		t.Errorf("a supervisor patched the program's setting: %+v", got)
	}
}

func foreignService(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.team(), w.team()
	lead := w.user("case_manager", w.OrgID)
	person, referral, service := caseOf(others.org)
	crew.manager.applied(person, referral)
	outcome(t, crew.manager.one(service), "rejected", "forbidden", "org_id")
	crew.supervisor.pull()
	service.ID, service.Row = harness.NewID(), harness.NewID()
	outcome(t, crew.supervisor.one(service), "rejected", "forbidden", "org_id")
	person, referral, service = caseOf(others.org)
	lead.applied(person, referral, service)
	lead.sees(true, "people", person.Row)
	lead.sees(false, "services", service.Row)
	others.supervisor.sees(true, "services", service.Row)
	others.supervisor.sees(true, "people", person.Row)
	crew.supervisor.sees(false, "services", service.Row)
	crew.supervisor.sees(false, "people", person.Row)
}

func endMeansNow(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	base := crew.manager.must("assignments", made.assignment).V()
	crew.manager.applied(harness.Patch("assignments", made.assignment, base, map[string]any{"ended_at": "2001-01-01T00:00:00.000Z"}))
	row := crew.manager.must("assignments", made.assignment)
	ended, err := time.Parse(harness.Stamp, row.Text("ended_at"))
	if err != nil || time.Since(ended) > time.Minute {
		t.Errorf("an assignment ended now says %q", row.Text("ended_at"))
	}
}
