package demo

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pursuit/models"
)

func built(t *testing.T) Plan {
	t.Helper()
	plan, err := Build()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// Two builds say the same, to the byte.
func TestBuildIsDeterministic(t *testing.T) {
	first, err := json.Marshal(built(t))
	if err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(built(t))
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(second) {
		t.Fatal("two builds differ")
	}
}

// Every mutation is one that its author may make at that time, of rows that stand.
func TestEveryMutationIsValidForItsAuthor(t *testing.T) {
	w := replay(built(t))
	for i, fault := range w.faults {
		if i == 20 {
			t.Fatalf("and %d more", len(w.faults)-i)
		}
		t.Error(fault)
	}
}

// Steps come in order of time, within the year, in pushes that a phone could send, by
// users of the plan; ids are valid and never used twice.
func TestStepsAreWellFormed(t *testing.T) {
	plan := built(t)
	users := map[string]bool{}
	for _, user := range plan.Users {
		users[user.ID] = true
	}
	end := time.Date(2025, 1, 1, 0, 0, 0, 0, pacific())
	seen := map[string]bool{}
	last := plan.Program.CreatedAt
	for i, step := range plan.Steps {
		if step.At.Before(last) || !step.At.Before(end) || step.At.Location() != time.UTC {
			t.Errorf("step %d at %s, after one at %s", i, step.At, last)
		}
		last = step.At
		if n := len(step.Push); n == 0 || n > MaxPush || !users[step.Author] {
			t.Errorf("step %d: %d mutations of %s", i, n, step.Author)
		}
		for i, m := range step.Push {
			if i > 0 && m.At < step.Push[i-1].At {
				t.Errorf("step at %s: mutation %d was made before the one it follows", step.At, i)
			}
			fresh := []string{m.ID}
			if m.Op == models.OpInsert {
				fresh = append(fresh, m.Row)
			}
			for _, id := range fresh {
				if !models.ValidID(id) || seen[id] {
					t.Fatalf("id %s is not valid, or used twice", id)
				}
				seen[id] = true
			}
		}
	}
}

// The size of the plan stays what a demo loads in seconds.
func TestSizeOfThePlan(t *testing.T) {
	plan := built(t)
	count := map[string]int{}
	mutations := 0
	for _, step := range plan.Steps {
		for _, m := range step.Push {
			count[m.Table+" "+string(m.Op)]++
			mutations++
		}
	}
	t.Logf("%d steps, %d mutations: %v", len(plan.Steps), mutations, count)
	for what, want := range map[string][2]int{
		"contact_attempts insert": {8000, 12000}, "people insert": {303, 303}, "assessments insert": {230, 230},
		"referrals insert": {263, 263}, "services insert": {268, 268}, "known_contacts insert": {150, 500},
		"reminders insert": {20, 120}, "action_items insert": {40, 200}, "consents insert": {15, 100},
	} {
		if n := count[what]; n < want[0] || n > want[1] {
			t.Errorf("%s: %d, want %d to %d", what, n, want[0], want[1])
		}
	}
	if len(plan.Steps) > 3000 {
		t.Errorf("%d steps", len(plan.Steps))
	}
}

// There are five organisations of the right kinds and somebody in every role, with
// invented addresses; each provider has a supervisor, case managers and workers.
func TestCast(t *testing.T) {
	plan := built(t)
	kinds := map[models.OrgKind]int{}
	for _, o := range plan.Orgs {
		kinds[o.Kind]++
	}
	want := map[models.OrgKind]int{models.OrgLead: 1, models.OrgServiceProvider: 3, models.OrgLawEnforcement: 1}
	if !reflect.DeepEqual(kinds, want) || plan.Orgs[0].Kind != models.OrgLead {
		t.Errorf("organisations: %v", kinds)
	}
	staff := map[string]map[models.Role]int{}
	emails := map[string]bool{}
	for _, user := range plan.Users {
		if staff[user.OrgID] == nil {
			staff[user.OrgID] = map[models.Role]int{}
		}
		staff[user.OrgID][user.Role]++
		if emails[strings.ToLower(user.Email)] || !strings.HasSuffix(user.Email, ".example") || user.Password == "" || !models.ValidID(user.ID) {
			t.Errorf("user %s", user.Email)
		}
		emails[strings.ToLower(user.Email)] = true
	}
	for _, o := range plan.Orgs {
		s := staff[o.ID]
		if o.Kind == models.OrgServiceProvider &&
			(s[models.RoleSupervisor] != 1 || s[models.RoleCaseManager] < 2 || s[models.RoleOutreachWorker] < 3) {
			t.Errorf("%s: %v", o.Name, s)
		}
	}
	if picked := plan.SignIns(); len(picked) != len(models.Roles) {
		t.Errorf("%d sign-ins", len(picked))
	}
}

// No phone number lies outside the ranges kept for fiction, and no person has one of
// somebody else.
func TestPhonesAreInvented(t *testing.T) {
	w := replay(built(t))
	owner := map[string]string{}
	for _, table := range []string{"people", "known_contacts"} {
		for id, fields := range w.rows[table] {
			phones, _ := fields["phones"].([]any)
			for _, p := range phones {
				phone, _ := p.(string)
				if len(phone) != 12 || phone[5:10] != "55501" || owner[phone] != "" && owner[phone] != id {
					t.Errorf("phone %s of %s and %s", phone, id, owner[phone])
				}
				owner[phone] = id
			}
		}
	}
	codes := map[any]bool{}
	for id, fields := range w.rows["people"] {
		if codes[fields["code"]] {
			t.Errorf("the code of %s is taken", id)
		}
		codes[fields["code"]] = true
	}
}
