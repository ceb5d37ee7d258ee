package merge_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pursuit/models"
)

// slowUnion decides each element by itself: it is in if both sides have it, or if
// the one side that differs from the base put it in.
func slowUnion(base, a, b []string) []string {
	var out []string
	for _, x := range slices.Concat(base, a, b) {
		was, inA, inB := slices.Contains(base, x), slices.Contains(a, x), slices.Contains(b, x)
		in := inA && inB || inA && !was || inB && !was
		if in && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	slices.Sort(out)
	return out
}

func TestUnionAgainstOracle(t *testing.T) {
	f := policies()[1]
	rapid.Check(t, func(t *rapid.T) {
		base, a, b := scene(t, f)
		out := must(t, must(t, base, a).Row, b)
		i := people.Field("phones")
		want := slowUnion(models.Texts(base.Values[i]), models.Texts(a.Values[i]), models.Texts(b.Values[i]))
		if got := sorted(out.Row.Values[i]); got != strings.Join(want, ",") {
			t.Fatalf("%s + %s + %s = %s, want %v", base.Values[i], a.Values[i], b.Values[i], got, want)
		}
		if len(out.Conflicts) > 0 {
			t.Fatalf("a set lost something: %v", out.Conflicts)
		}
	})
}

// marks gives a text whose lines are all different, and an edit of it that changes,
// drops or precedes single lines: then the right merge is known line by line.
type change struct{ kind, line string } // kind: keep, drop, alter

func changes(t *rapid.T, n int, who string) (out []change, before []string) {
	for i := range n {
		kind := rapid.SampledFrom([]string{"keep", "keep", "keep", "drop", "alter"}).Draw(t, who)
		out = append(out, change{kind, who + string(rune('0'+i))})
		extra := ""
		if rapid.IntRange(0, 4).Draw(t, who+" adds") == 0 {
			extra = "+" + who + string(rune('0'+i))
		}
		before = append(before, extra)
	}
	return out, before
}

func applied(base []string, edits []change, before []string) []string {
	var out []string
	for i, l := range base {
		if before[i] != "" {
			out = append(out, before[i])
		}
		switch edits[i].kind {
		case "keep":
			out = append(out, l)
		case "alter":
			out = append(out, edits[i].line)
		}
	}
	return out
}

// apart tells whether no stretch between lines that both kept was touched by both:
// then nothing can clash, and the merge is each side's changes together.
func apart(a, b []change, beforeA, beforeB []string) bool {
	touchedA, touchedB := false, false
	for i := range a {
		touchedA, touchedB = touchedA || beforeA[i] != "", touchedB || beforeB[i] != ""
		if a[i].kind == "keep" && b[i].kind == "keep" {
			if touchedA && touchedB {
				return false
			}
			touchedA, touchedB = false, false
			continue
		}
		touchedA, touchedB = touchedA || a[i].kind != "keep", touchedB || b[i].kind != "keep"
	}
	return !touchedA || !touchedB
}

func TestTextAgainstOracle(t *testing.T) {
	merged := 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "lines")
		var lines []string
		for i := range n {
			lines = append(lines, "base"+string(rune('0'+i)))
		}
		a, beforeA := changes(t, n, "ann")
		b, beforeB := changes(t, n, "bob")
		textA, textB := strings.Join(applied(lines, a, beforeA), "\n"), strings.Join(applied(lines, b, beforeB), "\n")
		base := row(people, map[string]json.RawMessage{"notes": text(strings.Join(lines, "\n"))})
		one := must(t, base, edit(base, by("ann", models.RoleCaseManager, 11, 20), map[string]json.RawMessage{"notes": text(textA)}))
		out := must(t, one.Row, edit(base, by("bob", models.RoleCaseManager, 12, 30), map[string]json.RawMessage{"notes": text(textB)}))
		if !apart(a, b, beforeA, beforeB) {
			return
		}
		merged++
		both := make([]change, n)
		before := make([]string, n)
		for i := range both {
			both[i], before[i] = a[i], beforeA[i]+beforeB[i]
			if a[i].kind == "keep" {
				both[i] = b[i]
			}
		}
		if want := strings.Join(applied(lines, both, before), "\n"); out.Row.Text("notes") != want || len(out.Conflicts) > 0 {
			t.Fatalf("%q and %q became %q, want %q; conflicts %v", textA, textB, out.Row.Text("notes"), want, out.Conflicts)
		}
	})
	if merged == 0 {
		t.Fatal("no two edits were apart")
	}
}

func TestTextByHand(t *testing.T) {
	for name, c := range map[string]struct {
		base, ann, bob, want string
		lost                 string // what a conflict keeps, if anything
	}{
		"bob adds below, ann above":       {"one\ntwo", "zero\none\ntwo", "one\ntwo\nthree", "zero\none\ntwo\nthree", ""},
		"both add at the end":             {"one", "one\nann", "one\nbob", "one\nann\nbob", ""},
		"both alter the same line":        {"one\ntwo", "ONE\ntwo", "Uno\ntwo", "Uno\ntwo", "ONE\ntwo"},
		"both alter it alike":             {"one", "ONE", "ONE", "ONE", ""},
		"ann drops what bob alters":       {"one\ntwo", "two", "Uno\ntwo", "Uno\ntwo", "two"},
		"neighbouring lines":              {"one\ntwo", "ONE\ntwo", "one\nTWO", "ONE\nTWO", ""},
		"ann alters, bob adds below":      {"one", "ONE", "one\nmore", "ONE\nmore", ""},
		"ann alters, bob adds above":      {"one", "ONE", "more\none", "more\nONE", ""},
		"ann drops above what bob adds":   {"one\ntwo\nthree", "one\nthree", "one\ntwo\nnew\nthree", "one\nnew\nthree", ""},
		"bob adds within what ann alters": {"one\ntwo", "ONE\nTWO", "one\nnew\ntwo", "ONE\nnew\nTWO", ""},
		"lines apart of a longer change":  {"one\ntwo", "ONE\nTWO", "one\nzwei", "ONE\nzwei", "ONE\nTWO"},
		"both write into an empty field":  {"", "from ann", "from bob", "from bob", "from ann"},
		"ann clears, bob adds elsewhere":  {"one\ntwo", "", "one\ntwo\nthree", "one\ntwo\nthree", ""},
	} {
		note := func(s string) json.RawMessage {
			if s == "" {
				return nil
			}
			return text(s)
		}
		base := row(people, map[string]json.RawMessage{"notes": note(c.base)})
		one := must(t, base, edit(base, by("ann", models.RoleCaseManager, 11, 20), map[string]json.RawMessage{"notes": note(c.ann)}))
		out := must(t, one.Row, edit(base, by("bob", models.RoleCaseManager, 12, 30), map[string]json.RawMessage{"notes": note(c.bob)}))
		lost := ""
		for _, k := range out.Conflicts {
			lost += models.Text(k.Lost)
		}
		if got := out.Row.Text("notes"); got != c.want || lost != c.lost {
			t.Errorf("%s: %q, lost %q; want %q, lost %q", name, got, lost, c.want, c.lost)
		}
	}
}

// Invariant 5: a device's second edit, made before it saw what its first became, takes nothing
// away that others put in, nor brings in twice what it put in itself.
func TestSecondEditOfOneDevice(t *testing.T) {
	base := row(people, map[string]json.RawMessage{"phones": list("1"), "notes": text("seen")})
	other := must(t, base, edit(base, by("ann", models.RoleCaseManager, 11, 20), map[string]json.RawMessage{
		"phones": list("1", "2"), "notes": text("above\nseen")}))
	first := map[string]json.RawMessage{"phones": list("1", "3"), "notes": text("seen\nthree")}
	one := must(t, other.Row, edit(base, by("bob", models.RoleCaseManager, 12, 30), first))
	next := edit(base, by("bob", models.RoleCaseManager, 13, 40), map[string]json.RawMessage{
		"phones": list("1", "4"), "notes": text("seen\nthree\nfour")})
	next.Own = map[int]json.RawMessage{people.Field("phones"): first["phones"], people.Field("notes"): first["notes"]}
	out := must(t, one.Row, next)
	if got := sorted(out.Row.Get("phones")); got != "1,2,4" {
		t.Errorf("phones are %s, want 1,2,4", got)
	}
	if got := out.Row.Text("notes"); got != "above\nseen\nthree\nfour" {
		t.Errorf("notes are %q", got)
	}
}

// FuzzText: whatever three texts are merged, the result is valid, within the limit,
// one of the texts where they do not differ, and the same again.
func FuzzText(f *testing.F) {
	f.Add("a\nb", "a\nc", "b")
	f.Add("", "\n\n", "x")
	f.Add("x\r\ny", "x\ry", "\x00")
	f.Fuzz(func(t *testing.T, o, a, b string) {
		note := func(s string) json.RawMessage {
			v, _ := models.Canon(&people.Fields[people.Field("notes")], text(s))
			return v
		}
		base := row(people, map[string]json.RawMessage{"notes": note(o)})
		one := must(t, base, edit(base, by("ann", models.RoleCaseManager, 11, 20), map[string]json.RawMessage{"notes": note(a)}))
		e := edit(base, by("bob", models.RoleCaseManager, 12, 30), map[string]json.RawMessage{"notes": note(b)})
		out := must(t, one.Row, e)
		got := out.Row.Get("notes")
		if _, fault := models.Canon(&people.Fields[people.Field("notes")], got); fault != "" {
			t.Fatalf("the result is not a note: %s", fault)
		}
		if models.Equal(note(a), note(o)) && !models.Equal(got, note(b)) || models.Equal(note(b), note(o)) && !models.Equal(got, note(a)) {
			t.Fatalf("only one side changed, and the result is %q", got)
		}
		if again := must(t, out.Row, e); !models.Equal(again.Row.Get("notes"), got) {
			t.Fatalf("%q became %q when the edit came again", got, again.Row.Get("notes"))
		}
	})
}
