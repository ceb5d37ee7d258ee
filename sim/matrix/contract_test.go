package matrix

import "net/http"

// everywhere is what somebody sees whose view is the whole program.
const everywhere = "own other"

const (
	credential  = "it is itself the proof of who asks"
	chosen      = "made by the caller; it names nothing that is there"
	inTables    = "asked of every table by tables and references"
	onlyABound  = "a lower bound of the ids listed, not the name of anything"
	ownLanguage = "a device's own name for itself"
)

// contract is what the pages say of every operation of the document.
func contract() map[string]rule {
	all := map[string]rule{}
	for _, part := range []map[string]rule{serverRules(), signInRules(), deviceRules(), accountRules(), syncRules(), peopleRules(), reportRules(), summaryRules()} {
		for id, one := range part {
			all[id] = one
		}
	}
	return all
}

// serverRules: docs/protocol.md, section 3, the last rows of the table.
func serverRules() map[string]rule {
	return map[string]rule{
		"health":  {ok: http.StatusOK, plain: get("/healthz")},
		"ready":   {ok: http.StatusOK, plain: get("/readyz")},
		"metrics": {ok: http.StatusOK, plain: get("/metrics")},
		"openapi": {ok: http.StatusOK, plain: get("/openapi.yaml")},
		"docs":    {ok: http.StatusOK, plain: get("/docs")},
		"jwks":    {ok: http.StatusOK, plain: get("/.well-known/jwks.json")},
	}
}

// signInRules: docs/protocol.md, section 3. They are everybody's.
func signInRules() map[string]rule {
	return map[string]rule{
		"login": {ok: http.StatusOK, plain: loginAs, open: map[string]string{"body.device.id": ownLanguage}},
		"refresh": {ok: http.StatusOK, plain: refreshAs, open: map[string]string{"body.refresh_token": credential},
			at: map[string]probe{"body.device_id": {make: refreshOf, hidden: http.StatusUnauthorized}}},
		"logout":  {ok: http.StatusNoContent, plain: logoutAs},
		"me":      {ok: http.StatusOK, plain: get("/v1/me")},
		"patchMe": {ok: http.StatusOK, plain: send("/v1/me", map[string]any{"locale": "en"})},
	}
}

// deviceRules: docs/protocol.md, section 3. A device belongs to who signed in on it;
// an admin reaches the program's.
func deviceRules() map[string]rule {
	program := map[string]string{admin: everywhere}
	return map[string]rule{
		"listDevices":     {ok: http.StatusOK, plain: get("/v1/devices"), at: map[string]probe{"query.cursor": pages("/v1/devices?limit=1", "devices")}},
		"putPushToken":    {ok: http.StatusNoContent, plain: send("/v1/devices/current/push-token", map[string]any{"token": "t"})},
		"deletePushToken": {ok: http.StatusNoContent, plain: get("/v1/devices/current/push-token")},
		"revokeDevice": {ok: http.StatusOK, plain: revokeOwn, at: map[string]probe{
			"path.id":      {make: revokeAt, seen: program, hidden: http.StatusNotFound},
			"body.user_id": {make: revokeOf, loose: true}}},
		"confirmWiped": {ok: http.StatusNoContent, plain: wipedOwn, open: map[string]string{"body.refresh_token": credential},
			at: map[string]probe{"path.id": {make: wipedAt}}},
	}
}

// accountRules: docs/protocol.md, section 3. Users, organisations and the audit are
// the admin's, of the program.
func accountRules() map[string]rule {
	only, program := []string{admin}, map[string]string{admin: everywhere}
	return map[string]rule{
		"listOrgs":  {ok: http.StatusOK, plain: get("/v1/orgs"), at: map[string]probe{"query.cursor": pages("/v1/orgs?limit=1", "orgs")}},
		"createOrg": {who: only, ok: http.StatusCreated, plain: send("/v1/orgs", map[string]any{"name": "New", "kind": "community_partner"})},
		"listUsers": {who: only, ok: http.StatusOK, plain: get("/v1/users"), at: map[string]probe{"query.cursor": pages("/v1/users?limit=1", "users")}},
		"createUser": {who: only, ok: http.StatusCreated, plain: createHere,
			at: map[string]probe{"body.org_id": {make: createAt, seen: program}}},
		"patchUser": {who: only, ok: http.StatusOK, plain: patchOwn, at: map[string]probe{
			"path.id":     {make: patchAt, seen: program, hidden: http.StatusNotFound},
			"body.org_id": {make: moveTo, seen: program}}},
		"listAudit": {who: only, ok: http.StatusOK, plain: get("/v1/audit"), at: map[string]probe{
			"query.actor":  filter("/v1/audit?actor=", user).and(program, http.StatusOK),
			"query.device": filter("/v1/audit?device=", phone).and(program, http.StatusOK),
			"query.row":    filter("/v1/audit?row=", service).and(program, http.StatusOK),
			"query.cursor": pages("/v1/audit?limit=1", "entries")}},
	}
}

// syncRules: docs/protocol.md, sections 4, 6, 7 and 8. Everybody may sync; what they
// get is another matter.
func syncRules() map[string]rule {
	return map[string]rule{
		"sync": {ok: http.StatusOK, plain: send("/v1/sync", map[string]any{"protocol": 1, "pull": map[string]any{"cursor": nil}}),
			open: map[string]string{"body.push.id": chosen, "body.push.row": inTables},
			at: map[string]probe{
				"body.pull.cursor":  {make: pullFrom, hidden: http.StatusBadRequest},
				"body.pull.buckets": {make: pullBucket, seen: map[string]string{director: "", admin: "", partner: ""}, hidden: http.StatusOK}}},
		"syncSchema": {ok: http.StatusOK, plain: get("/v1/sync/schema")},
		"live":       {ok: http.StatusOK, plain: get("/v1/sync/live?since=0&wait=1")},
		"digests": {ok: http.StatusOK, plain: send("/v1/sync/digests", map[string]any{"cursor": nil}), open: map[string]string{"body.after": onlyABound},
			at: map[string]probe{"body.cursor": {make: digestFrom, hidden: http.StatusBadRequest}}},
		"listReceipts": {who: []string{partner}, ok: http.StatusOK, plain: get("/v1/referrals/receipts"),
			at: map[string]probe{"query.cursor": pages("/v1/referrals/receipts?limit=1", "receipts")}},
	}
}

// peopleRules: docs/protocol.md, section 6, "Merging people".
func peopleRules() map[string]rule {
	leads := []string{manager, supervisor}
	return map[string]rule{
		"listDuplicates": {who: leads, ok: http.StatusOK, plain: get("/v1/people/duplicates"), at: map[string]probe{
			"query.person_id": {make: filter("/v1/people/duplicates?person_id=", person).make, loose: true},
			"query.cursor":    pages("/v1/people/duplicates?limit=1", "duplicates")}},
		"mergePeople": {who: leads, ok: http.StatusOK, plain: mergeOwn, open: map[string]string{"body.id": chosen}, at: map[string]probe{
			"body.keep":  {make: mergeInto, hidden: http.StatusNotFound},
			"body.merge": {make: mergeFrom, hidden: http.StatusNotFound}}},
	}
}

// reportRules: docs/domain.md, sections 3 and 5, and docs/reports.md, "Roles".
func reportRules() map[string]rule {
	effort := []string{worker, manager, supervisor, director}
	program := map[string]string{director: everywhere}
	cases := []string{worker, manager, supervisor}
	return map[string]rule{
		"intensityServices": {who: effort, ok: http.StatusOK, plain: get("/v1/intensity/services"), at: map[string]probe{
			"query.worker_id": filter("/v1/intensity/services?worker_id=", user).and(program, 0),
			"query.org_id":    filter("/v1/intensity/services?org_id=", organisation).and(program, 0),
			"query.cursor":    pages("/v1/intensity/services?limit=1", "services")}},
		"intensityService": {who: effort, ok: http.StatusOK, plain: intensityOwn,
			at: map[string]probe{"path.id": filter("/v1/intensity/services/", service).and(program, http.StatusNotFound)}},
		"intensityWorkers": {who: effort, ok: http.StatusOK, plain: get("/v1/intensity/workers"), at: map[string]probe{
			"query.worker_id": filter("/v1/intensity/workers?worker_id=", user).and(program, 0),
			"query.org_id":    filter("/v1/intensity/workers?org_id=", organisation).and(program, 0),
			"query.cursor":    pages("/v1/intensity/workers?limit=1", "workers")}},
		"intensityProgram": {who: effort, ok: http.StatusOK, plain: get("/v1/intensity/program"),
			at: map[string]probe{"query.org_id": filter("/v1/intensity/program?org_id=", organisation).and(program, 0)}},
		"previewReminder": {who: cases, ok: http.StatusOK, plain: previewOwn,
			at: map[string]probe{"query.service_id": filter("/v1/reminders/preview?service_id=", service).and(nil, http.StatusNotFound)}},
		"export": {who: []string{worker, manager, supervisor, director, admin}, ok: http.StatusOK, plain: get("/v1/export/staff")},
	}
}

// summaryRules: docs/domain.md, section 4, and docs/reports.md, "Roles" and "Frozen
// summaries": a director reads the program's, a supervisor their organisation's.
func summaryRules() map[string]rule {
	return map[string]rule{
		"summary": {who: []string{supervisor, director, partner}, ok: http.StatusOK, plain: get("/v1/reports/summary?year=2026"),
			at: map[string]probe{"query.frozen": {make: frozenAt, seen: map[string]string{partner: ""}, hidden: http.StatusNotFound}}},
		"freezeSummary": {who: []string{supervisor, director}, ok: http.StatusCreated,
			plain: send("/v1/reports/summary/freeze", map[string]any{"year": 2026, "as_of": "2026-03-31"})},
		"publishedCheck": {who: []string{manager, supervisor, director, admin}, ok: http.StatusOK, plain: get("/v1/reports/published-check?year=2024")},
		"putIncidentCount": {who: []string{director, admin}, ok: http.StatusOK,
			plain: send("/v1/incident-counts/2026/3", map[string]any{"injury_fatal_shootings": 7})},
	}
}
