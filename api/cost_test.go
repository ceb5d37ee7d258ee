package api

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pursuit/models"
)

// wire counts the bytes of JSON that travel in both directions.
type wire struct {
	*site
	bytes int
}

type costAnswer struct {
	Results []models.Result
	Changes map[string]struct{ Upsert, Remove []json.RawMessage }
	Drop    []string
	Cursor  string
}

// sync makes one exchange and gives its answer and the bytes of its two bodies.
func (w *wire) sync(who session, push []map[string]any, cursor any) (out costAnswer, sent, got int) {
	w.t.Helper()
	body := map[string]any{"protocol": 1, "schema": 1}
	if push != nil {
		body["push"] = push
	}
	if cursor != false {
		body["pull"] = map[string]any{"cursor": cursor, "limit": 5000}
	}
	raw, err := json.Marshal(body)
	must(w.t, err)
	a := w.call("POST", "/v1/sync", who.AccessToken, raw)
	a.into(200, &out)
	for _, r := range out.Results {
		if r.Status != models.StatusApplied {
			w.t.Fatalf("%+v", r)
		}
	}
	w.bytes += len(raw) + len(a.body)
	return out, len(raw), len(a.body)
}

func mutation(table, row string, op models.Op, base int64, set map[string]any) map[string]any {
	return map[string]any{"id": models.NewID(), "table": table, "row": row, "op": op, "base": base, "at": models.FormatTime(time.Now()), "set": set}
}

// visits makes attempts at the case with notes as people write them.
func (c casework) visits(n int) []map[string]any {
	push := make([]map[string]any, n)
	for i := range push {
		push[i] = mutation("contact_attempts", models.NewID(), models.OpInsert, 0, map[string]any{"service_id": c.service, "channel": "call",
			"outcome": "no_answer", "occurred_at": models.FormatTime(time.Now()), "note": fmt.Sprintf("Visit %d: nobody came to the door.", i)})
	}
	return push
}

// Handing a case over costs the case once: all that travels between the server and
// the three people concerned is at most 1.1 times the case's rows.
func TestReassigningCostsTheCase(t *testing.T) {
	const visits, most = 100, 1.1
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		w := &wire{site: s}
		before, supervisor := c.who[models.RoleOutreachWorker], c.who[models.RoleSupervisor]
		after := s.user(models.RoleOutreachWorker, "second-worker@example.org")
		w.sync(before, c.visits(visits), false)
		whole, _, _ := w.sync(before, nil, nil)
		seen, _, _ := w.sync(supervisor, nil, nil)
		idle, _, _ := w.sync(after, nil, nil)
		var assignment struct {
			ID string
			V  int64 `json:"_v"`
		}
		must(t, json.Unmarshal(seen.Changes["assignments"].Upsert[0], &assignment))
		w.bytes = 0
		end := mutation("assignments", assignment.ID, models.OpPatch, assignment.V, map[string]any{"ended_at": models.FormatTime(time.Now())})
		begin := mutation("assignments", models.NewID(), models.OpInsert, 0, map[string]any{"service_id": c.service, "user_id": after.User.ID, "role": "outreach_worker"})
		end["group"], begin["group"] = "g", "g"
		w.sync(supervisor, []map[string]any{end, begin}, seen.Cursor)
		taken, _, _ := w.sync(after, nil, idle.Cursor)
		left, _, _ := w.sync(before, nil, whole.Cursor)
		rows, size := 0, 0
		for _, table := range []string{"people", "referrals", "services", "assignments", "contact_attempts"} {
			for _, row := range taken.Changes[table].Upsert {
				rows, size = rows+1, size+len(row)
			}
		}
		if rows != visits+6 || len(left.Drop) != 2 {
			t.Fatalf("%d rows of the case came to the one, %d buckets left the other", rows, len(left.Drop))
		}
		t.Logf("a case of %d rows and %d bytes: %d bytes travelled, %.3f of it", rows, size, w.bytes, float64(w.bytes)/float64(size))
		if float64(w.bytes) > most*float64(size) {
			t.Errorf("%d bytes travelled for a case of %d, more than %.1f times as many", w.bytes, size, most)
		}
	})
}

// Changing one field costs little beyond what frames any request, answer and
// mutation: its id, table, row, op, base and at.
func TestOneFieldCostsLittle(t *testing.T) {
	const most = 160
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		w := &wire{site: s}
		who := c.who[models.RoleOutreachWorker]
		seen, _, _ := w.sync(who, nil, nil)
		var person struct {
			V int64 `json:"_v"`
		}
		must(t, json.Unmarshal(seen.Changes["people"].Upsert[0], &person))
		_, sent, got := w.sync(who, []map[string]any{}, false)
		edit := mutation("people", c.person, models.OpPatch, person.V, map[string]any{"address": "12 First Avenue"})
		_, sentWith, gotWith := w.sync(who, []map[string]any{edit}, false)
		delete(edit, "set")
		frame, err := json.Marshal(edit)
		must(t, err)
		up, down := sentWith-sent-len(frame), gotWith-got
		t.Logf("one field: %d bytes sent beside the %d of its frame, %d of result", up, len(frame), down)
		if up+down > most {
			t.Errorf("one field costs %d bytes beyond its frame, more than %d", up+down, most)
		}
	})
}
