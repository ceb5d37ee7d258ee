package api

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pursuit/models"
)

// listing is a list with more than one entry, who reads it, and ways to ask for another.
type listing struct {
	noun, path string
	role       models.Role
	others     []string
}

// listings fills every list of the server with at least two entries.
func (c casework) listings() []listing {
	c.t.Helper()
	supervisor, partner := c.who[models.RoleSupervisor], c.who[models.RoleReferralPartner]
	today := time.Now().UTC().AddDate(0, 0, -1).Format(models.DateLayout)
	c.push(supervisor, "services", models.NewID(), map[string]any{"referral_id": c.referral, "person_id": c.person, "track": "tvif", "org_id": c.made.OrgID})
	for range 2 {
		person := models.NewID()
		c.push(partner, "people", person, map[string]any{"code": "P"})
		c.push(partner, "referrals", models.NewID(), map[string]any{"person_id": person, "source": "community_partner", "referred_on": today})
	}
	for range 3 {
		c.push(supervisor, "people", models.NewID(), map[string]any{"code": "D", "phones": []string{"503 555 0100"}})
	}
	c.user(models.RoleOutreachWorker, "second@example.org")
	c.call("POST", "/v1/orgs", c.admin.AccessToken, map[string]any{"name": "Org", "kind": "community_partner"}).into(201, nil)
	return []listing{
		{"services", "/v1/intensity/services?as_of=" + today, models.RoleSupervisor, []string{"sort=service_id", "sort=-attempts", "status=pursuing",
			"track=hhp", "from=" + today, "to=" + today, "org_id=" + c.made.OrgID, "worker_id=" + models.NewID(), "format=csv", "format=xlsx"}},
		{"services", "/v1/intensity/services?sort=attempts", models.RoleDirector, []string{"as_of=" + today, "track=hhp"}},
		{"workers", "/v1/intensity/workers?as_of=" + today, models.RoleSupervisor, []string{"from=" + today, "track=hhp", "format=csv"}},
		{"duplicates", "/v1/people/duplicates?reason=phone", models.RoleSupervisor, []string{"person_id=" + models.NewID()}},
		{"users", "/v1/users?", models.RoleAdmin, nil},
		{"orgs", "/v1/orgs?", models.RoleAdmin, nil},
		{"devices", "/v1/devices?", models.RoleAdmin, nil},
		{"entries", "/v1/audit?", models.RoleAdmin, []string{"action=sync", "actor=" + c.admin.User.ID}},
		{"receipts", "/v1/referrals/receipts?", models.RoleReferralPartner, nil},
	}
}

// next reads a list's first page of one entry and gives the cursor after it.
func (c casework) next(l listing) string {
	c.t.Helper()
	var page map[string]any
	c.get(l.role, l.path+"&limit=1").into(200, &page)
	next, ok := page["next"].(string)
	if list, _ := page[l.noun].([]any); !ok || len(list) != 1 {
		c.t.Fatalf("%s has one page: %v", l.path, page)
	}
	return next
}

// A cursor goes on in the list that gave it, whatever the page's size, and in no other: not
// with other filters, another order or date, as a file, in another list, nor for somebody
// else. Else rows would be skipped and nobody told.
func TestACursorGoesOnInItsOwnListAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		lists := c.listings()
		var cursors []string
		for _, l := range lists {
			cursors = append(cursors, c.next(l))
		}
		for i, l := range lists {
			c.get(l.role, l.path+"&limit=2&cursor="+cursors[i]).into(200, nil)
			for _, other := range l.others {
				query, err := url.Parse(l.path)
				must(t, err)
				changed, err := url.ParseQuery(other)
				must(t, err)
				values := query.Query()
				for name := range changed {
					values.Set(name, changed.Get(name))
				}
				values.Set("cursor", cursors[i])
				c.notOf(l.role, query.Path+"?"+values.Encode(), other)
			}
			for j, cursor := range cursors {
				if i != j {
					c.notOf(l.role, l.path+"&cursor="+cursor, lists[j].path)
				}
			}
		}
		mine := c.next(listing{"services", "/v1/intensity/services?sort=attempts", models.RoleDirector, nil})
		c.notOf(models.RoleSupervisor, "/v1/intensity/services?sort=attempts&cursor="+mine, "a director")
		second := s.user(models.RoleDirector, "second-director@example.org")
		s.call("GET", "/v1/intensity/services?sort=attempts&cursor="+mine, second.AccessToken, nil).problem(400, "bad_cursor")
		c.get(models.RoleDirector, "/v1/intensity/services?sort=attempts&format=json&cursor="+mine).into(200, nil)
	})
}

func (c casework) notOf(role models.Role, path, of string) {
	c.t.Helper()
	if got := c.get(role, path); got.status != http.StatusBadRequest || !bytes.Contains(got.body, []byte("bad_cursor")) {
		c.t.Errorf("%s with a cursor of %s: %d %.200s", path, of, got.status, got.body)
	}
}

// Who changes role or organisation sees another list, and begins it from the start.
func TestACursorEndsWithItsReadersScope(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		c.listings()
		path := "/v1/intensity/services?sort=attempts"
		cursor := c.next(listing{"services", path, models.RoleSupervisor, nil})
		c.get(models.RoleSupervisor, path+"&cursor="+cursor).into(200, nil)
		s.call("PATCH", "/v1/users/"+c.who[models.RoleSupervisor].User.ID, s.admin.AccessToken, map[string]any{"role": "case_manager"}).into(200, nil)
		c.notOf(models.RoleSupervisor, path+"&cursor="+cursor, "a supervisor")
	})
}

// A cursor is taken to the byte: base64 that decodes to the same is another text.
func TestACursorIsTakenToTheByte(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for _, l := range c.listings() {
			good := c.next(l)
			bent := []string{good + "\n", "\n" + good, good[:5] + "\r\n" + good[5:], good + "=", good + "==", good + " ", good + "A", good[:len(good)-1],
				strings.ToUpper(good), "A" + good, good + good, good[:8] + "AAAA" + good[12:]}
			last := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
			bent = append(bent, good[:len(good)-1]+string(last[(strings.IndexByte(last, good[len(good)-1])+1)%64]))
			for _, cursor := range bent {
				c.notOf(l.role, l.path+"&cursor="+url.QueryEscape(cursor), "bent bytes")
			}
			c.get(l.role, l.path+"&cursor="+good).into(200, nil)
			c.get(l.role, l.path+"&cursor=").into(200, nil)
		}
	})
}

// So are the cursors of devices.
func TestASyncCursorIsTakenToTheByte(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.admin.AccessToken
		pull := func(cursor any) answer {
			return s.call("POST", "/v1/sync", token, map[string]any{"protocol": 1, "pull": map[string]any{"cursor": cursor}})
		}
		var page struct{ Cursor string }
		pull(nil).into(200, &page)
		good := page.Cursor
		for _, cursor := range []string{good + "\n", "\r\n" + good, good[:9] + "\n" + good[9:], good + "=", good + " "} {
			pull(cursor).problem(400, "bad_cursor")
			s.call("POST", "/v1/sync/digests", token, map[string]any{"cursor": cursor}).problem(400, "bad_cursor")
		}
		pull(good).into(200, nil)
		for _, odd := range []any{5, true, []any{}, map[string]any{}} {
			s.call("POST", "/v1/sync/digests", token, map[string]any{"cursor": odd}).problem(400, "bad_cursor")
		}
		s.call("POST", "/v1/sync/digests", token, map[string]any{"cursor": good}).into(200, nil)
	})
}

// The longest ids that a list's key may have make a cursor that is taken back.
func TestTheLongestCursorIsTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for _, last := range []string{"1", "2"} {
			s.login(string(models.RoleOutreachWorker)+"@example.org", strings.Repeat("𝔻", deviceIDLimit-1)+last)
		}
		long := strings.Repeat("<", models.TextMax)
		for range 2 {
			person, referral := models.NewID(), models.NewID()
			supervisor := c.who[models.RoleSupervisor]
			c.push(supervisor, "people", person, map[string]any{"code": long})
			c.push(supervisor, "referrals", referral, map[string]any{"person_id": person, "source": "outreach", "referred_on": "2024-01-01"})
			c.push(supervisor, "services", models.NewID(), map[string]any{"referral_id": referral, "person_id": person, "track": "hhp", "org_id": s.made.OrgID})
		}
		for _, l := range []listing{{"devices", "/v1/devices?", models.RoleOutreachWorker, nil},
			{"services", "/v1/intensity/services?sort=person_code", models.RoleSupervisor, nil}} {
			seen := 0
			for cursor, pages := "", 0; pages < 5; pages++ {
				var page map[string]any
				c.get(l.role, l.path+"&limit=1&cursor="+cursor).into(200, &page)
				seen += len(page[l.noun].([]any))
				if page["next"] == nil {
					break
				}
				cursor = page["next"].(string)
			}
			if seen != 3 {
				t.Errorf("%d of 3 %s were listed", seen, l.noun)
			}
		}
	})
}
