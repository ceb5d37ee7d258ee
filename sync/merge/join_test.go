package merge_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/sync/merge"
)

func personOf(rt *rapid.T, who string, v int64) *models.Row {
	row := models.NewRow(models.Tables.Table("people"), models.NewID())
	row.V = v
	row.Meta.Wrote(models.Writer{V: v, Device: who, User: who, At: v})
	put := func(field string, values ...string) {
		if x := rapid.SampledFrom(values).Draw(rt, who+"."+field); x != "" {
			row.Put(field, json.RawMessage(x))
		}
	}
	put("code", `"K"`, `"L"`)
	put("first_name", "", `"Ana"`, `"Eva"`)
	put("houseless", "", "true", "false")
	put("phones", "", `["1"]`, `["2","1"]`, `[]`)
	put("notes", "", `"a"`, `"b\nc"`, `"`+strings.Repeat("x", models.NoteMax-1)+`"`)
	return row
}

// Nothing that either of two people had is lost by joining them: it stands, or is the
// lost value of a conflict under the name of who wrote it. Joining again changes
// nothing, and neither row is touched.
func TestJoinLosesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		keep, gone := personOf(rt, "keep", 3), personOf(rt, "gone", 5)
		docs := string(keep.Doc()) + string(gone.Doc())
		by := models.Writer{V: 9, Device: "desk", User: "by", At: 9, Mutation: "m"}
		out := merge.Join(keep, gone, by, "code")
		if string(keep.Doc())+string(gone.Doc()) != docs {
			rt.Fatal("a row was changed")
		}
		if out.Row.ID != keep.ID || out.Row.V != by.V || out.Row.Text("code") != keep.Text("code") {
			rt.Fatalf("joined into %s", out.Row.Doc())
		}
		for i, f := range keep.Table.Fields {
			lost := slices.IndexFunc(out.Conflicts, func(c merge.Conflict) bool { return c.Field == f.Name })
			if lost >= 0 && (!models.Equal(out.Conflicts[lost].Lost, gone.Values[i]) || out.Conflicts[lost].LostBy != "gone") {
				rt.Fatalf("%s: conflict %+v", f.Name, out.Conflicts[lost])
			}
			for who, had := range map[string]json.RawMessage{"keep": keep.Values[i], "gone": gone.Values[i]} {
				if f.Name == "code" || who == "gone" && lost >= 0 || holds(out.Row.Values[i], had) {
					continue
				}
				rt.Fatalf("%s of %s is lost: %s, now %s", f.Name, who, had, out.Row.Values[i])
			}
		}
		if again := merge.Join(out.Row, gone, by, "code"); string(again.Row.Doc()) != string(out.Row.Doc()) {
			rt.Fatalf("joined again: %s", again.Row.Doc())
		}
	})
}

// holds tells whether a value contains another: the same, or all its entries or lines.
func holds(now, had json.RawMessage) bool {
	if had == nil || models.Equal(now, had) {
		return true
	}
	parts := models.Texts(had)
	if strings.HasPrefix(string(had), `"`) {
		parts = strings.Split(models.Text(had), "\n")
	}
	all := append(models.Texts(now), strings.Split(models.Text(now), "\n")...)
	for _, part := range parts {
		if !slices.Contains(all, part) {
			return false
		}
	}
	return now != nil
}

// A list that has no room for all keeps the rest as a conflict.
func TestJoinKeepsWhatHasNoRoom(t *testing.T) {
	list := func(from, n int) json.RawMessage {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprint(from+i))
		}
		return models.TextsValue(out)
	}
	keep, gone := models.NewRow(models.Tables.Table("people"), models.NewID()), models.NewRow(models.Tables.Table("people"), models.NewID())
	keep.Put("phones", list(0, models.ListMax-1))
	gone.Put("phones", list(100, 3))
	out := merge.Join(keep, gone, models.Writer{V: 1})
	if got := models.Texts(out.Row.Get("phones")); len(got) != models.ListMax || len(out.Conflicts) != 1 {
		t.Errorf("%d numbers, %d conflicts", len(got), len(out.Conflicts))
	}
}

// A late edit of what became another row is judged by what its author had seen.
func TestEditsOfAJoinedRow(t *testing.T) {
	table := models.Tables.Table("people")
	field := table.Field("address")
	row := func(address string, w models.Writer) *models.Row {
		r := models.NewRow(table, models.NewID())
		r.PutText("address", address)
		r.Meta.Wrote(w)
		return r
	}
	const joined = 50
	mine, other := models.Writer{V: 60, Device: "d", User: "me", At: 60}, models.Writer{V: 10, Device: "e", User: "you", At: 10}
	for name, c := range map[string]struct {
		stands    *models.Row
		seen      string
		at        int64
		want      string
		conflicts int
	}{
		"what its author saw stands":                  {row("a", other), "a", 60, "new", 0},
		"it never was what its author saw, earlier":   {row("b", other), "a", 5, "b", 1},
		"it never was what its author saw, later":     {row("b", other), "a", 60, "new", 1},
		"their own, of another row":                   {row("b", models.Writer{V: 10, Device: "d", User: "me", At: 10}), "a", 60, "new", 1},
		"their own, since":                            {row("b", models.Writer{V: 55, Device: "d", User: "me", At: 55}), "a", 60, "new", 0},
		"somebody's since, earlier than this":         {row("b", models.Writer{V: 55, Device: "e", User: "you", At: 55}), "a", 60, "new", 1},
		"somebody's since, later than this":           {row("b", models.Writer{V: 55, Device: "e", User: "you", At: 99}), "a", 60, "b", 1},
		"somebody's since, who wrote the same as was": {row("a", models.Writer{V: 55, Device: "e", User: "you", At: 99}), "a", 60, "new", 0},
	} {
		by := mine
		by.At = c.at
		out, rejection := merge.Fields(c.stands, merge.Edit{Values: map[int]json.RawMessage{field: models.Quote("new")}, Base: 20,
			Before: row(c.seen, other), By: by, Joined: joined})
		if rejection != nil || out.Row.Text("address") != c.want || len(out.Conflicts) != c.conflicts {
			t.Errorf("%s: %s with %d conflicts", name, out.Row.Text("address"), len(out.Conflicts))
		}
	}
}
