package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

func mutationLimit(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	var push []harness.Mutation
	for i := range 1001 {
		push = append(push, harness.Insert("people", map[string]any{"code": fmt.Sprintf("Bird %d", i)}))
	}
	expect(t, crew.manager.call(http.MethodPost, "/v1/sync", crew.manager.Request(push, nil)), 422, "too_many_mutations")
	crew.manager.pull()
	if crew.manager.Count("people") != 0 {
		t.Error("a refused request left rows behind")
	}
	crew.manager.applied(push[:1000]...)
	crew.manager.pull()
	if got := crew.manager.Count("people"); got != 1000 {
		t.Errorf("%d people after a push of 1000", got)
	}
}

func nestingLimit(t *testing.T, at *place) {
	w := at.program(t)
	deep := `{"protocol":1,"schema":1,"push":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`
	far := `{"protocol":1,"schema":1,"push":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`
	for _, body := range []string{deep, far} {
		answer, err := w.Admin.Raw(w.ctx, http.MethodPost, "/v1/sync", []byte(body), map[string]string{"Content-Type": "application/json"})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Status != http.StatusBadRequest && answer.Status != http.StatusUnprocessableEntity {
			t.Errorf("deep JSON: status %d: %.200s", answer.Status, answer.Body)
		}
		problem(t, answer)
	}
}

func fieldErrors(t *testing.T, at *place) {
	w := at.program(t)
	for name, fault := range map[string]struct {
		path, location string
		body           map[string]any
	}{
		"kind":     {"/v1/orgs", "kind", map[string]any{"name": "Org", "kind": "navy"}},
		"name":     {"/v1/orgs", "name", map[string]any{"kind": "lead"}},
		"role":     {"/v1/users", "role", map[string]any{"email": w.Email(), "name": "N", "password": harness.Password, "role": "king", "org_id": w.OrgID}},
		"org":      {"/v1/users", "org_id", map[string]any{"email": w.Email(), "name": "N", "password": harness.Password, "role": "director", "org_id": harness.NewID()}},
		"protocol": {"/v1/sync", "protocol", map[string]any{"protocol": "one"}},
		"limit":    {"/v1/sync", "limit", map[string]any{"protocol": 1, "schema": 1, "pull": map[string]any{"limit": "many"}}},
	} {
		answer := call(t, w.Admin.Client, http.MethodPost, fault.path, fault.body)
		expect(t, answer, http.StatusUnprocessableEntity, "")
		var body harness.Problem
		if err := answer.Decode(&body); err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(body.Errors, func(one struct{ Location, Message string }) bool {
			return strings.Contains(one.Location, fault.location) && one.Message != ""
		})
		if !found {
			t.Errorf("%s: errors[] does not name %s: %s", name, fault.location, answer.Body)
		}
	}
}

func listsPage(t *testing.T, at *place) {
	w := at.program(t)
	for range 4 {
		w.org("service_provider")
	}
	seen := map[string]int{}
	path := "/v1/orgs?limit=2"
	for range 10 {
		var list struct {
			Orgs []struct{ ID string }
			Next *string
		}
		answer := call(t, w.Admin.Client, http.MethodGet, path, nil)
		expect(t, answer, http.StatusOK, "")
		if !json.Valid(answer.Body) || !strings.Contains(string(answer.Body), `"next"`) {
			t.Fatalf("a list without next: %s", answer.Body)
		}
		if err := answer.Decode(&list); err != nil {
			t.Fatal(err)
		}
		if len(list.Orgs) > 2 {
			t.Errorf("%d rows on a page of 2", len(list.Orgs))
		}
		for _, org := range list.Orgs {
			seen[org.ID]++
		}
		if list.Next == nil {
			break
		}
		path = "/v1/orgs?limit=2&cursor=" + *list.Next
	}
	if len(seen) != 5 {
		t.Errorf("%d organisations over all pages, want 5", len(seen))
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("organisation %s came %d times", id, times)
		}
	}
}

func foreignAlike(t *testing.T, at *place) {
	w, other := at.program(t), at.program(t)
	foreign := other.user("outreach_worker", other.OrgID)
	unknown := harness.NewID()
	worker := w.user("outreach_worker", w.OrgID)
	own := w.user("outreach_worker", w.OrgID)
	for name, pair := range map[string][2]harness.Answer{
		"users": {call(t, w.Admin.Client, http.MethodPatch, "/v1/users/"+foreign.Tokens.User.ID, map[string]any{"name": "x"}),
			call(t, w.Admin.Client, http.MethodPatch, "/v1/users/"+unknown, map[string]any{"name": "x"})},
		"devices of another program": {call(t, w.Admin.Client, http.MethodPost, "/v1/devices/"+foreign.DeviceID+"/revoke", map[string]any{"wipe": true}),
			call(t, w.Admin.Client, http.MethodPost, "/v1/devices/"+unknown+"/revoke", map[string]any{"wipe": true})},
		"devices of a colleague": {worker.call(http.MethodPost, "/v1/devices/"+own.DeviceID+"/revoke", map[string]any{"wipe": true}),
			worker.call(http.MethodPost, "/v1/devices/"+unknown+"/revoke", map[string]any{"wipe": true})},
	} {
		if pair[0].Status != http.StatusNotFound || string(pair[0].Body) != string(pair[1].Body) || pair[0].Status != pair[1].Status {
			t.Errorf("%s: unseen %d %s, unknown %d %s", name, pair[0].Status, pair[0].Body, pair[1].Status, pair[1].Body)
		}
	}
	if foreign.call(http.MethodGet, "/v1/me", nil).Status != http.StatusOK {
		t.Error("another program's admin revoked a device")
	}
}
