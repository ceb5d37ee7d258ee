package models_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pursuit/models"
)

var statuses = []string{models.Pursuing, models.SLOEngaged, models.Enrolled, models.ShortTerm, models.Refused, models.UnableToPlace, models.Closed}

// legal is the table of docs/domain.md, "Transitions", written out.
const legal = `
pursuing        -> slo_engaged enrolled short_term refused unable_to_place closed
slo_engaged     -> enrolled refused unable_to_place pursuing
short_term      -> enrolled closed
enrolled        -> closed
refused         -> pursuing
unable_to_place -> pursuing
closed          -> pursuing`

func TestTransitions(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(legal), "\n") {
		from, to, _ := strings.Cut(line, "->")
		from = strings.TrimSpace(from)
		for _, next := range statuses {
			want := next == from || strings.Contains(" "+to+" ", " "+next+" ")
			if got := models.LegalTransition(from, next); got != want {
				t.Errorf("%s to %s: legal = %v, want %v", from, next, got, want)
			}
			reopens := next == models.Pursuing && (from == models.Refused || from == models.UnableToPlace || from == models.Closed)
			if got := models.Reopens(from, next); got != reopens {
				t.Errorf("%s to %s: reopens = %v, want %v", from, next, got, reopens)
			}
		}
	}
	if models.LegalTransition("unheard_of", models.Enrolled) {
		t.Error("an unknown status may go on")
	}
}

var riskKeys = []string{"male", "aged_18_44", "arrests_5_8", "group_involved", "previously_shot", "connected_to_recent_victim", "prior_justice_involvement"}

func TestHighRiskByHand(t *testing.T) {
	for _, c := range []struct{ answers, want string }{ // y, n, u and - for a missing key
		{"yyyyyyy", "yes"}, {"yyyyynn", "yes"}, {"yyyynnn", "no"}, {"yyyyunn", "indeterminate"}, {"yyyy-nn", "indeterminate"},
		{"yyynnnn", "no"}, {"yyyuunn", "indeterminate"}, {"yyuunnn", "no"}, {"uuuuuuu", "indeterminate"}, {"-------", "indeterminate"},
		{"nnnnnnn", "no"}, {"nnnuuuu", "no"}, {"nnuuuuu", "indeterminate"},
	} {
		factors := map[string]string{}
		for i, a := range c.answers {
			if word := map[rune]string{'y': "yes", 'n': "no", 'u': "unknown"}[a]; word != "" {
				factors[riskKeys[i]] = word
			}
		}
		if got := models.HighRisk(factors); got != c.want {
			t.Errorf("%s = %s, want %s", c.answers, got, c.want)
		}
	}
}

// Learning an unknown answer never turns a yes into a no or back; and a key that is
// not a factor counts for nothing.
func TestHighRiskOnlyNarrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		factors := map[string]string{"shoe_size": "yes"}
		for _, key := range riskKeys {
			factors[key] = rapid.SampledFrom([]string{"yes", "no", "unknown"}).Draw(t, key)
		}
		before := models.HighRisk(factors)
		key := rapid.SampledFrom(riskKeys).Draw(t, "learned")
		if factors[key] == "unknown" {
			factors[key] = rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "answer")
		}
		if after := models.HighRisk(factors); before != "indeterminate" && after != before {
			t.Fatalf("%s became %s", before, after)
		}
	})
}

func TestReminderRank(t *testing.T) {
	order := []string{"unknown", "pending", "snoozed", "cancelled", "done"}
	for i := 1; i < len(order); i++ {
		if models.ReminderRank(order[i-1]) >= models.ReminderRank(order[i]) {
			t.Errorf("%s is not before %s", order[i-1], order[i])
		}
	}
}

func TestIDs(t *testing.T) {
	for _, bad := range []string{"", "x", strings.ToUpper(models.NewID()), models.NewID() + "0", "019a9f60x0000-7000-8000-000000000000",
		"019a9f60-0000-7000-8000-00000000000g", "{19a9f60-0000-7000-8000-000000000000}"} {
		if models.ValidID(bad) {
			t.Errorf("%q is taken for an id", bad)
		}
	}
	a, b := models.NewID(), models.NewID()
	for _, id := range []string{a, b, models.StaffID(a, b), models.DerivedID(a, "x")} {
		if !models.ValidID(id) {
			t.Errorf("%q is not an id", id)
		}
	}
	if again := models.StaffID(a, b); again != models.StaffID(a, b) || again == models.StaffID(b, a) ||
		models.DerivedID(a, "x") == models.DerivedID(a, "y") {
		t.Error("derived ids are not a function of what they derive from")
	}
}
