package api

import (
	"net/url"
	"testing"

	"pursuit/models"
)

type pairPage struct {
	Duplicates []struct {
		People []struct {
			ID   string `json:"id"`
			Code string `json:"code"`
		} `json:"people"`
		Reasons []string `json:"reasons"`
	} `json:"duplicates"`
	Next *string `json:"next"`
}

type mergeAnswer struct {
	ID        string   `json:"id"`
	PersonID  string   `json:"person_id"`
	V         int64    `json:"v"`
	Conflicts []string `json:"conflicts"`
	Duplicate bool     `json:"duplicate"`
}

func TestPossibleDuplicatesAreListedAndMerged(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		keeper := c.who[models.RoleCaseManager]
		ids := []string{models.NewID(), models.NewID(), models.NewID()}
		for i, id := range ids {
			c.push(keeper, "people", id, map[string]any{"code": []string{"A", "B", "C"}[i], "first_name": "Ana", "phones": []string{"503 555 0100"}})
		}
		var page pairPage
		seen, cursor := []string{}, ""
		for range 4 {
			c.get(models.RoleCaseManager, "/v1/people/duplicates?reason=phone&limit=1&cursor="+url.QueryEscape(cursor)).into(200, &page)
			for _, d := range page.Duplicates {
				seen = append(seen, d.People[0].Code+d.People[1].Code+d.Reasons[0])
			}
			if page.Next == nil {
				break
			}
			cursor = *page.Next
		}
		if len(seen) != 3 || seen[0] != "ABphone" || seen[2] != "BCphone" {
			t.Errorf("page by page: %v", seen)
		}
		request := map[string]any{"id": models.NewID(), "keep": ids[0], "merge": ids[1]}
		merge := func(who session, body map[string]any) answer {
			return c.call("POST", "/v1/people/merge", who.AccessToken, body)
		}
		var out mergeAnswer
		merge(keeper, request).into(200, &out)
		if out.PersonID != ids[0] || out.Duplicate || out.Conflicts == nil || out.V == 0 {
			t.Errorf("merged: %+v", out)
		}
		merge(keeper, request).into(200, &out)
		if !out.Duplicate || out.PersonID != ids[0] {
			t.Errorf("merged again: %+v", out)
		}
		page = pairPage{}
		c.get(models.RoleSupervisor, "/v1/people/duplicates?person_id="+ids[2]).into(200, &page)
		if len(page.Duplicates) != 1 || page.Duplicates[0].People[0].ID != ids[0] {
			t.Errorf("what is left: %+v", page)
		}
		merge(keeper, map[string]any{"id": request["id"], "keep": ids[0], "merge": ids[2]}).problem(409, "conflict")
		merge(keeper, map[string]any{"id": models.NewID(), "keep": ids[0], "merge": c.person}).problem(404, "not_found")
		merge(keeper, map[string]any{"id": models.NewID(), "keep": ids[0], "merge": ids[0]}).problem(422, "invalid_request")
		merge(keeper, map[string]any{"id": "1", "keep": ids[0]}).problem(422, "invalid_request")
		for _, role := range []models.Role{models.RoleOutreachWorker, models.RoleDirector, models.RoleReferralPartner, models.RoleAdmin} {
			c.get(role, "/v1/people/duplicates").problem(403, "forbidden")
			merge(c.who[role], map[string]any{"id": models.NewID(), "keep": ids[0], "merge": ids[2]}).problem(403, "forbidden")
		}
		for _, wrong := range []string{"reason=name", "person=1", "person_id=1", "limit=0"} {
			c.get(models.RoleCaseManager, "/v1/people/duplicates?"+wrong).problem(422, "invalid_request")
		}
		c.get(models.RoleCaseManager, "/v1/people/duplicates?cursor=abc").problem(400, "bad_cursor")
		var audit struct {
			Entries []struct {
				Action string `json:"action"`
			} `json:"entries"`
		}
		c.get(models.RoleAdmin, "/v1/audit?row="+ids[1]).into(200, &audit)
		actions := map[string]bool{}
		for _, e := range audit.Entries {
			actions[e.Action] = true
		}
		if !actions["people.merge"] || !actions["people.duplicates"] {
			t.Errorf("the audit of the merged person has %v", actions)
		}
	})
}
