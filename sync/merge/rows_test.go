package merge_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/sync/merge"
)

// fields of each policy, by table
var (
	people    = models.Tables.Table("people")
	services  = models.Tables.Table("services")
	reminders = models.Tables.Table("reminders")
)

func list(s ...string) json.RawMessage { return models.TextsValue(s) }
func text(s string) json.RawMessage    { return models.Quote(s) }

// row makes a row at seq 10, written by somebody on a desk.
func row(t *models.Table, values map[string]json.RawMessage) *models.Row {
	r := models.NewRow(t, "019a9f60-0000-7000-8000-000000000001")
	r.V = 10
	for name, v := range values {
		r.Put(name, v)
	}
	r.Meta.Wrote(models.Writer{V: 10, Device: "desk", User: "maker", Role: models.RoleSupervisor, At: 1})
	return r
}

// by makes a writer: one device a name.
func by(name string, role models.Role, v, at int64) models.Writer {
	return models.Writer{V: v, Device: name, User: name, Role: role, At: at, Mutation: fmt.Sprintf("%s-%d", name, v)}
}

// edit makes an edit of named fields of a row that its device saw as before.
func edit(before *models.Row, who models.Writer, values map[string]json.RawMessage) merge.Edit {
	e := merge.Edit{Values: map[int]json.RawMessage{}, Base: before.V, Before: before, By: who}
	for name, v := range values {
		e.Values[before.Table.Field(name)] = v
	}
	return e
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

func must(t failer, r *models.Row, e merge.Edit) merge.Outcome {
	t.Helper()
	before := string(r.Doc()) + string(r.Meta.Encode())
	out, rejection := merge.Fields(r, e)
	if rejection != nil {
		t.Fatalf("rejected: %s %s", rejection.Code, rejection.Field)
	}
	if string(r.Doc())+string(r.Meta.Encode()) != before {
		t.Fatalf("merging changed the row it was given")
	}
	return out
}

// drawn is a field with values of it to draw from.
type drawn struct {
	table *models.Table
	name  string
	value *rapid.Generator[json.RawMessage]
}

func raw[T any](g *rapid.Generator[T], as func(T) json.RawMessage) *rapid.Generator[json.RawMessage] {
	return rapid.Map(g, as)
}

func sampled(values ...string) *rapid.Generator[json.RawMessage] {
	return raw(rapid.SampledFrom(values), func(s string) json.RawMessage {
		if s == "" {
			return nil
		}
		return text(s)
	})
}

func sets() *rapid.Generator[json.RawMessage] {
	return raw(rapid.SliceOfNDistinct(rapid.SampledFrom(strings.Split("abcdef", "")), 0, 5, rapid.ID[string]), func(s []string) json.RawMessage {
		if len(s) == 0 {
			return nil
		}
		return list(s...)
	})
}

func notes() *rapid.Generator[json.RawMessage] {
	return raw(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", ""}), 0, 6), func(s []string) json.RawMessage {
		if len(s) == 0 {
			return nil
		}
		return text(strings.Join(s, "\n"))
	})
}

func policies() []drawn {
	return []drawn{
		{people, "first_name", sampled("", "Ann", "Bob", "Cy")},
		{people, "phones", sets()},
		{people, "notes", notes()},
		{reminders, "state", sampled("pending", "snoozed", "cancelled", "done")},
	}
}

func sorted(v json.RawMessage) string {
	all := models.Texts(v)
	slices.Sort(all)
	return strings.Join(all, ",")
}
