package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// Ways to write one number have one key, and what is no number has none.
func TestPhoneKeys(t *testing.T) {
	for text, want := range map[string]string{
		"503-555-0100": "5035550100", "+1 (503) 555-0100": "5035550100", "0015035550100": "5035550100", "1.503.555.0100 x12": "5035550100",
		"tel:+15035550100;ext=7": "5035550100", "+44 20 7946 0000": "2079460000", "020 7946 0000": "2079460000", "555-0100": "5550100",
		"911": "", "": "", "none": "", "0000000000": "",
	} {
		if got := phoneKey(text); got != want {
			t.Errorf("%q has key %q, want %q", text, got, want)
		}
	}
}

// Names are alike but for case, accents, signs, order and a slip; others are not.
func TestNamesAlike(t *testing.T) {
	for _, c := range []struct {
		a, b [2]string
		want bool
	}{
		{[2]string{"José", "O'Brien"}, [2]string{"jose", "obrien"}, true},
		{[2]string{"Mary-Ann", "Smith"}, [2]string{"Maryann", "SMITH"}, true},
		{[2]string{"Ruiz", "Ana"}, [2]string{"Ana", "Ruiz"}, true},
		{[2]string{"Ana", "Ruiz"}, [2]string{"Anna", "Ruiz"}, true},
		{[2]string{"Jonathan", "Fernandez"}, [2]string{"Johnathan", "Fernandes"}, true},
		{[2]string{"Brian", "Lee"}, [2]string{"Brain", "Lee"}, true},
		{[2]string{"Ana", ""}, [2]string{"Ana", "Ruiz"}, true},
		{[2]string{"Søren", "Łukasz"}, [2]string{"Soren", "Lukasz"}, true},
		{[2]string{"Ana", "Ruiz"}, [2]string{"Eva", "Ruiz"}, false},
		{[2]string{"Al", "Xu"}, [2]string{"Al", "Yu"}, false},
		{[2]string{"", ""}, [2]string{"", ""}, false},
	} {
		if got := foldName(c.a[0], c.a[1]).like(foldName(c.b[0], c.b[1])); got != c.want {
			t.Errorf("%v and %v: %v", c.a, c.b, got)
		}
	}
}

func TestSlipsOfDates(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"1990-01-02", "1990-01-03"}: true, {"1990-01-12", "1990-01-21"}: true, {"1990-03-04", "1990-04-03"}: true,
		{"1990-01-02", "1991-02-02"}: false, {"1990-03-04", "1991-04-03"}: false,
	} {
		if got := slipOfDate(pair[0], pair[1]); got != want {
			t.Errorf("%v: %v", pair, got)
		}
	}
}

// slowWithin is the definition, by recursion.
func slowWithin(x, y []rune) int {
	if len(x) == 0 || len(y) == 0 {
		return len(x) + len(y)
	}
	cost := 1
	if x[0] == y[0] {
		cost = 0
	}
	best := min(slowWithin(x[1:], y)+1, slowWithin(x, y[1:])+1, slowWithin(x[1:], y[1:])+cost)
	if len(x) > 1 && len(y) > 1 && x[0] == y[1] && x[1] == y[0] {
		best = min(best, slowWithin(x[2:], y[2:])+1)
	}
	return best
}

func TestDistanceIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[abc]{0,6}`)
		a, b, slips := word.Draw(rt, "a"), word.Draw(rt, "b"), rapid.IntRange(0, 3).Draw(rt, "slips")
		if got, want := within(a, b, slips), slowWithin([]rune(a), []rune(b)) <= slips; got != want {
			rt.Fatalf("%q and %q within %d: %v, want %v", a, b, slips, got, want)
		}
	})
}

// In groups that are not large, what is found is what comparing everybody with
// everybody finds.
func TestPairsAreThoseOfAllWithAll(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(rt, "value") }
		people := make([]store.Likeness, rapid.IntRange(0, 30).Draw(rt, "people"))
		for i := range people {
			people[i] = store.Likeness{ID: testID(1, i), FirstName: pick("Ana", "Anna", "Jonathan", ""), LastName: pick("Ruiz", "Ruíz", "Fernandez", ""),
				DateOfBirth: pick("1990-01-02", "1990-02-01", "1991-01-02", "1985-07-30", ""), Phones: pick(`["5035550100"]`, `["+1 503 555 0100","1"]`, `["5035550199"]`, "", "")}
		}
		var want []pair
		for a := range people {
			for b := a + 1; b < len(people); b++ {
				p := pair{a: int32(a), b: int32(b)}
				x, y := people[a], people[b]
				p.phone = slices.ContainsFunc(phoneKeys(x.Phones), func(key string) bool { return slices.Contains(phoneKeys(y.Phones), key) })
				m, n := foldName(x.FirstName, x.LastName), foldName(y.FirstName, y.LastName)
				if x.DateOfBirth != "" && y.DateOfBirth != "" && m.letters != "" {
					p.nameBirth = x.DateOfBirth == y.DateOfBirth && m.like(n) || m.key == n.key && slipOfDate(x.DateOfBirth, y.DateOfBirth)
				}
				if p.phone || p.nameBirth {
					want = append(want, p)
				}
			}
		}
		if got := alike(people); !slices.Equal(got, want) {
			rt.Fatalf("found %v, want %v, of %v", got, want, people)
		}
	})
}

// crowd is many people with ordinary names, and a placeholder's birthday and a
// shelter's number for every tenth.
func crowd(n int) []store.Likeness {
	r := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("an be co da el fi go ha in jo ka lu ma no or pe qui ro su ta")
	name := func() string { return syllables[r.IntN(20)] + syllables[r.IntN(20)] + syllables[r.IntN(20)] }
	out := make([]store.Likeness, n)
	for i := range out {
		out[i] = store.Likeness{ID: testID(1, i), FirstName: name(), LastName: name(), Phones: fmt.Sprintf(`["503%07d"]`, r.IntN(9_000_000)),
			DateOfBirth: fmt.Sprintf("%d-%02d-%02d", 1960+r.IntN(50), 1+r.IntN(12), 1+r.IntN(28))}
		if i%10 == 0 {
			out[i].DateOfBirth, out[i].Phones = "1990-01-01", `["5035550100"]`
		}
	}
	return out
}

// The pairs of a group grow with its people, not with their square, and two who are
// the same stay together in it.
func TestACrowdDoesNotExplode(t *testing.T) {
	const many = 20_000
	people := crowd(many)
	people[10].FirstName, people[10].LastName = "Wilhelmina", "Featherstonehaugh"
	people[19_000].FirstName, people[19_000].LastName = "Vilhelmina", "Featherstonehaugh"
	found := alike(people)
	if len(found) > many/10 { // by chance, of names that are alike
		t.Errorf("%d pairs of %d people", len(found), many)
	}
	if !slices.ContainsFunc(found, func(p pair) bool { return p.a == 10 && p.b == 19_000 && p.nameBirth && p.phone }) {
		t.Error("a slip in the first letter hides a pair in a crowd")
	}
}

func BenchmarkPairsOf50000(b *testing.B) {
	people := crowd(50_000)
	b.ReportAllocs()
	for b.Loop() {
		alike(people)
	}
}

// Pairs are of people whom the caller holds, both of them, and gone when merged.
func TestDuplicatesAreWithinScope(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		twice := map[string]any{"code": "A", "first_name": "José", "last_name": "Ruiz", "date_of_birth": "1990-01-02", "phones": []string{"503-555-0100"}}
		a := person(c, c.keeper, twice)
		twice["code"], twice["first_name"], twice["phones"] = "B", "Jose", []string{"+1 503 555 0100"}
		b := person(c, c.keeper, twice)
		far := c.user(models.RoleCaseManager)
		twice["code"], twice["date_of_birth"] = "C", "1971-05-02"
		d := person(c, far, twice)
		list := func(who models.Actor, f DuplicateFilter) []string {
			f.Limit = 10
			if f.After == nil {
				f.After = []string{"", ""}
			}
			found, err := c.e.Duplicates(context.Background(), who, f)
			c.must(err)
			out := []string{}
			for _, p := range found {
				text, err := json.Marshal(p.Reasons)
				c.must(err)
				out = append(out, p.People[0].Code+p.People[1].Code+string(text))
			}
			return out
		}
		both, phone := `AB["phone","name_birth_date"]`, `["phone"]`
		all := []string{both, "AC" + phone, "BC" + phone}
		for name, check := range map[string]struct{ got, want []string }{
			"the supervisor":         {list(c.supervisor, DuplicateFilter{}), all},
			"who holds two":          {list(c.keeper, DuplicateFilter{}), all[:1]},
			"who holds one":          {list(far, DuplicateFilter{}), []string{}},
			"by reason":              {list(c.supervisor, DuplicateFilter{Reason: ReasonNameBirthDate}), all[:1]},
			"by person":              {list(c.supervisor, DuplicateFilter{Person: d}), all[1:]},
			"from the first pair on": {list(c.supervisor, DuplicateFilter{After: []string{a, b}}), all[1:]},
		} {
			if !slices.Equal(check.got, check.want) {
				t.Errorf("%s sees %v, want %v", name, check.got, check.want)
			}
		}
		for _, who := range []models.Actor{c.worker, c.admin, c.user(models.RoleDirector), c.user(models.RoleReferralPartner)} {
			if _, err := c.e.Duplicates(context.Background(), who, DuplicateFilter{After: []string{"", ""}, Limit: 10}); models.AsError(err) == nil {
				t.Errorf("a %s sees pairs", who.Role)
			}
		}
		c.merge(c.keeper, a, b)
		if got := list(c.supervisor, DuplicateFilter{}); !slices.Equal(got, all[1:2]) {
			t.Errorf("after the merge there is %v", got)
		}
	})
}
