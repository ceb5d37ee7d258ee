package merge_test

import (
	"encoding/json"
	"slices"
	"testing"

	"pursuit/models"
	"pursuit/sync/merge"
)

// Every pair of states of a reminder: the further along stands, in either order.
func TestMaxByHand(t *testing.T) {
	order := []string{"pending", "snoozed", "cancelled", "done"}
	for i, ann := range order {
		for j, bob := range order {
			base := row(reminders, nil)
			one := must(t, base, edit(base, by("ann", models.RoleSupervisor, 11, 99), map[string]json.RawMessage{"state": text(ann)}))
			out := must(t, one.Row, edit(base, by("bob", models.RoleOutreachWorker, 12, 1), map[string]json.RawMessage{"state": text(bob)}))
			want, lost := order[max(i, j)], order[min(i, j)]
			if out.Row.Text("state") != want || out.Merged != (j < i) {
				t.Errorf("%s, then %s: %s, merged %v", ann, bob, out.Row.Text("state"), out.Merged)
			}
			if i != j && (len(out.Conflicts) != 1 || models.Text(out.Conflicts[0].Lost) != lost) {
				t.Errorf("%s, then %s: kept %v", ann, bob, out.Conflicts)
			}
		}
	}
}

// Two statuses set without knowing of each other, by hand. Ann's arrives first.
func TestAuthorityByHand(t *testing.T) {
	const worker, cm, boss = models.RoleOutreachWorker, models.RoleCaseManager, models.RoleSupervisor
	for name, c := range map[string]struct {
		from          string
		ann           models.Role
		annAt         int64
		annTo         string
		bob           models.Role
		bobAt         int64
		bobTo, stands string
	}{
		"higher role, though earlier":           {"pursuing", worker, 30, "slo_engaged", cm, 20, "refused", "refused"},
		"lower role, though later":              {"pursuing", cm, 20, "slo_engaged", worker, 30, "refused", "slo_engaged"},
		"supervisor over case manager":          {"pursuing", cm, 30, "slo_engaged", boss, 20, "enrolled", "enrolled"},
		"equal roles, later":                    {"pursuing", cm, 20, "slo_engaged", cm, 30, "refused", "refused"},
		"equal roles, earlier":                  {"pursuing", cm, 30, "slo_engaged", cm, 20, "refused", "slo_engaged"},
		"equal roles and time: the mutation id": {"pursuing", cm, 20, "slo_engaged", cm, 20, "refused", "refused"},
		"higher role, but not legal from there": {"pursuing", worker, 20, "refused", boss, 30, "enrolled", "refused"},
		"closed stays closed":                   {"enrolled", cm, 20, "closed", boss, 30, "short_term", "closed"},
		"nobody reopens what they did not see":  {"pursuing", worker, 20, "refused", boss, 30, "pursuing", "refused"},
	} {
		base := row(services, map[string]json.RawMessage{"status": text(c.from)})
		one := must(t, base, edit(base, by("ann", c.ann, 11, c.annAt), map[string]json.RawMessage{"status": text(c.annTo)}))
		out := must(t, one.Row, edit(base, by("bob", c.bob, 12, c.bobAt), map[string]json.RawMessage{"status": text(c.bobTo)}))
		lost := c.bobTo
		if c.stands == c.bobTo {
			lost = c.annTo
		}
		if out.Row.Text("status") != c.stands || len(out.Conflicts) != 1 || models.Text(out.Conflicts[0].Lost) != lost {
			t.Errorf("%s: %s stands, kept %+v", name, out.Row.Text("status"), out.Conflicts)
		}
	}
}

// Latest: the later edit by its corrected time; a tie goes to the larger mutation id.
func TestLatestByHand(t *testing.T) {
	for name, c := range map[string]struct {
		annAt, bobAt int64
		annID, bobID string
		want         string
	}{
		"bob later":           {20, 30, "m2", "m1", "Bob"},
		"bob earlier":         {30, 20, "m1", "m2", "Ann"},
		"tie, bob's id wins":  {20, 20, "m1", "m2", "Bob"},
		"tie, ann's id stays": {20, 20, "m2", "m1", "Ann"},
	} {
		base := row(people, map[string]json.RawMessage{"first_name": text("Jay")})
		ann, bob := by("ann", models.RoleOutreachWorker, 11, c.annAt), by("bob", models.RoleSupervisor, 12, c.bobAt)
		ann.Mutation, bob.Mutation = c.annID, c.bobID
		one := must(t, base, edit(base, ann, map[string]json.RawMessage{"first_name": text("Ann")}))
		out := must(t, one.Row, edit(base, bob, map[string]json.RawMessage{"first_name": text("Bob")}))
		if out.Row.Text("first_name") != c.want || len(out.Conflicts) != 1 || models.Text(out.Conflicts[0].Base) != "Jay" {
			t.Errorf("%s: %s, kept %+v", name, out.Row.Text("first_name"), out.Conflicts)
		}
	}
}

// Sets, by hand: additions and removals of both sides, and what a null is.
func TestUnionByHand(t *testing.T) {
	none := json.RawMessage(nil)
	for name, c := range map[string]struct{ base, ann, bob, want json.RawMessage }{
		"both add":                   {list("1"), list("1", "2"), list("1", "3"), list("1", "2", "3")},
		"both add the same":          {list(), list("2"), list("2", "3"), list("2", "3")},
		"one adds, one removes":      {list("1"), list("1", "2"), list(), list("2")},
		"both remove the same":       {list("1", "2"), list("1"), list(), list()},
		"each removes another":       {list("1", "2"), list("1"), list("2"), list()},
		"ann unsets, bob adds":       {list("1"), none, list("1", "2"), list("2")},
		"ann empties, bob unsets":    {list("1"), list(), none, none},
		"from nothing, both add":     {none, list("1"), list("2"), list("1", "2")},
		"removed and added by other": {list("1"), list("2"), list("1", "3"), list("2", "3")},
	} {
		base := row(people, map[string]json.RawMessage{"phones": c.base})
		one := must(t, base, edit(base, by("ann", models.RoleCaseManager, 11, 20), map[string]json.RawMessage{"phones": c.ann}))
		out := must(t, one.Row, edit(base, by("bob", models.RoleCaseManager, 12, 30), map[string]json.RawMessage{"phones": c.bob}))
		if !models.Equal(out.Row.Get("phones"), c.want) || len(out.Conflicts) > 0 {
			t.Errorf("%s: %s, want %s", name, out.Row.Get("phones"), c.want)
		}
	}
}

// FuzzFields: any two values of any writable field, as the server would take them,
// end in a value that the field allows; the same edit again changes nothing; and a
// value that did not make it stands in a conflict or is mixed into a set or text.
func FuzzFields(f *testing.F) {
	f.Add(uint16(0), `"a"`, `"b"`, `"c"`, int64(1), int64(2))
	f.Add(uint16(6), `["1"]`, `["1","2"]`, `[]`, int64(2), int64(2))
	f.Add(uint16(11), `"a\nb"`, `"a\nc"`, `null`, int64(3), int64(2))
	f.Add(uint16(40), `true`, `1`, `{"x":1}`, int64(0), int64(-1))
	f.Fuzz(func(t *testing.T, pick uint16, o, a, b string, annAt, bobAt int64) {
		table := models.Tables.Tables[int(pick)%len(models.Tables.Tables)]
		i := int(pick) / len(models.Tables.Tables) % len(table.Fields)
		field := &table.Fields[i]
		values := make([]json.RawMessage, 3)
		for n, s := range []string{o, a, b} {
			v, fault := models.Canon(field, json.RawMessage(s))
			if fault != "" || field.Unit != "" || field.ReadOnly {
				return
			}
			values[n] = v
		}
		base := row(table, map[string]json.RawMessage{field.Name: values[0]})
		one := must(t, base, edit(base, by("ann", models.RoleCaseManager, 11, annAt), map[string]json.RawMessage{field.Name: values[1]}))
		e := edit(base, by("bob", models.RoleOutreachWorker, 12, bobAt), map[string]json.RawMessage{field.Name: values[2]})
		out := must(t, one.Row, e)
		stands := out.Row.Values[i]
		if canon, fault := models.Canon(field, stands); fault != "" || !models.Equal(canon, stands) {
			t.Fatalf("%s.%s holds what it does not allow: %s", table.Name, field.Name, fault)
		}
		if again := must(t, out.Row, e); !models.Equal(again.Row.Values[i], stands) {
			t.Fatalf("%s.%s changed when the edit came again", table.Name, field.Name)
		}
		changed := !models.Equal(values[1], values[0])
		mixture := field.Policy == models.PolicyUnion || field.Policy == models.PolicyText
		kept := slices.ContainsFunc(out.Conflicts, func(c merge.Conflict) bool {
			return models.Equal(c.Lost, values[1]) || models.Equal(c.Lost, values[2])
		})
		if changed && !mixture && !models.Equal(values[1], values[2]) && !kept {
			t.Fatalf("%s.%s: a value is lost", table.Name, field.Name)
		}
	})
}
