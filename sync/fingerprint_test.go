package sync

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// What was said is the same however it is spelt in JSON; another word is another
// mutation.
func TestAReplayMayBeSpeltAnotherWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		it := attemptAt(p)
		it.At = "2026-01-02T03:04:05Z"
		it.Set["note"] = json.RawMessage(`"dé & more"`)
		it.Set["duration_minutes"] = json.RawMessage(`5`)
		v := c.push(c.worker, it)
		with := func(at string, set map[string]string) Item {
			other := it
			other.At, other.Set = at, map[string]json.RawMessage{}
			for name, raw := range it.Set {
				other.Set[name] = raw
			}
			for name, raw := range set {
				other.Set[name] = json.RawMessage(raw)
			}
			return other
		}
		for name, again := range map[string]Item{
			"escapes":  with(it.At, map[string]string{"note": `"d\u00e9 \u0026 more"`}),
			"a number": with(it.At, map[string]string{"duration_minutes": ` 5.0`}),
			"times":    with("2026-01-02T03:04:05.000+00:00", map[string]string{"occurred_at": `"2026-01-02T03:04:05+00:00"`}),
		} {
			r := c.result(c.worker, again)
			if !r.Duplicate || r.Status != models.StatusApplied || r.V != v {
				t.Errorf("%s: answered with %s %s, want the first result as a duplicate", name, r.Status, r.Code)
			}
		}
		for name, other := range map[string]Item{
			"another note": with(it.At, map[string]string{"note": `"de & more"`}),
			"another time": with("2026-01-02T03:04:06Z", nil),
			"a field more": with(it.At, map[string]string{"latitude": `45.5`}),
			"a null":       with(it.At, map[string]string{"note": `null`}),
		} {
			if r := c.result(c.worker, other); r.Code != models.CodeMutationIDReused {
				t.Errorf("%s: answered with %s %s, want %s", name, r.Status, r.Code, models.CodeMutationIDReused)
			}
		}
	})
}

// A mutation that was remembered by its spelling, as all were once, is known again.
func TestAReplayOfWhatWasRememberedByItsSpelling(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		it := attemptAt(p)
		it.Set["note"] = json.RawMessage(`"d\u00e9"`)
		c.push(c.worker, it)
		query := `UPDATE mutations SET hash = $1 WHERE id = $2` // both databases know $n
		_, err := s.SQLDB().Exec(query, spelling(c.worker.UserID, it.Mutation), it.ID)
		c.must(err)
		if r := c.result(c.worker, it); !r.Duplicate {
			t.Errorf("answered with %s %s, want the first result as a duplicate", r.Status, r.Code)
		}
	})
}

// A set that is null is no set.
func TestASetThatIsNull(t *testing.T) {
	body := `{"protocol":1,"push":[{"id":"` + models.NewID() + `","table":"people","row":"` + models.NewID() + `","op":"insert","base":0,"set":null}]}`
	req, err := Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		if r := c.result(c.worker, req.Push[0]); r.Code != models.CodeMissingField || r.Field != "code" {
			t.Errorf("rejected with %s %s, want %s code", r.Code, r.Field, models.CodeMissingField)
		}
	})
}

// A member whose id is another mutation's fails its group as any other fault does.
func TestAReusedIDFailsItsGroup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		first := insertOf("people", map[string]any{"code": "one"})
		c.push(c.worker, first)
		again, healthy := first, insertOf("people", map[string]any{"code": "healthy"})
		again.Set = map[string]json.RawMessage{"code": models.Quote("two")}
		again.Group, healthy.Group = "g", "g"
		results, err := c.e.Push(context.Background(), c.worker, time.Time{}, []Item{again, healthy})
		c.must(err)
		if results[0].Code != models.CodeMutationIDReused || results[1].Code != models.CodeGroupFailed {
			t.Errorf("answered with %q and %q", results[0].Code, results[1].Code)
		}
		if c.stored("people", healthy.Row) != nil {
			t.Error("half of the group was applied")
		}
	})
}

// A device whose clock stands at the year 1, or at 9999, is corrected like any other.
func TestClocksFarOff(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, year := range []int{1, 1600, 2400, 9999} {
		device := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		c := readClock(device, now)
		if got := c.correct(device.Add(-time.Hour), now); !got.Equal(now.Add(-time.Hour)) || !c.suspect {
			t.Errorf("year %d: an hour ago became %v, suspect %v", year, got, c.suspect)
		}
	}
}
