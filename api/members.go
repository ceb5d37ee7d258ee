package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"pursuit/models"
)

// ofAnyVersion is embedded by the bodies that apps send by themselves to get in, stay in
// and compare: members that this server does not know are left alone, for a newer app
// must not be locked out by an older server. In every other body they are refused: what
// was misspelt must not count as left out.
type ofAnyVersion struct{}

func (ofAnyVersion) leaveUnknown() {}

// given is a member of a body that tells null from having been left out.
type given[T any] struct {
	sent  bool
	value *T
}

// UnmarshalJSON is called for null too.
func (g *given[T]) UnmarshalJSON(b []byte) error {
	g.sent = true
	return json.Unmarshal(b, &g.value)
}

// open makes the value, to be read member by member.
func (g *given[T]) open() any {
	g.sent, g.value = true, new(T)
	return g.value
}

// memberReader reads a JSON object into a struct, each member by itself, so that
// everything that is wrong with it is told at once.
type memberReader struct {
	faults
	wanted  func(member string) string // what is allowed there; "" when its type says it
	lenient bool
}

// object reads an object at a place of the body, "" for the whole.
func (r *memberReader) object(at string, from gjson.Result, into reflect.Value) {
	if !from.IsObject() {
		r.add(place(at, ""), "must be a JSON object")
		return
	}
	fields := membersOf(into.Type())
	seen := map[string]bool{}
	from.ForEach(func(key, value gjson.Result) bool {
		name := key.String()
		index, known := fields[name]
		switch {
		case known && seen[name] && !r.lenient:
			r.add(place(at, name), "must be given once")
		case known:
			r.member(at, name, value, into.Field(index))
		case r.lenient:
		case plainName.MatchString(name):
			r.add(place(at, name), "is not a member of this body; allowed: "+listed(fields))
		default:
			r.add(place(at, ""), "has a member that this call does not know; allowed: "+listed(fields))
		}
		seen[name] = true
		return len(r.faults) < faultsListed
	})
}

func (r *memberReader) member(at, name string, value gjson.Result, into reflect.Value) {
	inner := into
	if g, ok := into.Addr().Interface().(interface{ open() any }); ok && value.IsObject() {
		inner = reflect.ValueOf(g.open()).Elem()
	}
	if inner.Kind() == reflect.Struct && value.IsObject() {
		r.object(strings.TrimPrefix(at+"."+name, "."), value, inner)
		return
	}
	if json.Unmarshal([]byte(value.Raw), into.Addr().Interface()) != nil {
		path := strings.TrimPrefix(at+"."+name, ".")
		allowed := r.wanted(path)
		if allowed == "" {
			allowed = typeWanted(into.Type())
		}
		r.add("body."+path, allowed)
	}
}

// and adds what else is wrong, but for members of which something was told already.
func (r *memberReader) and(checked faults) faults {
	told := slices.Clone(r.faults)
	for _, fault := range checked {
		if !slices.ContainsFunc(r.faults, func(f models.FieldFault) bool {
			return f.Location == fault.Location || f.Location != "body" && strings.HasPrefix(fault.Location, f.Location+".")
		}) {
			told = append(told, fault)
		}
	}
	return told
}

// place writes where something stands.
func place(at, name string) string {
	out := "body"
	for _, part := range []string{at, name} {
		if part != "" {
			out += "." + part
		}
	}
	return out
}

// membersOf gives the fields of a body's struct by their JSON names.
func membersOf(t reflect.Type) map[string]int {
	out := map[string]int{}
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("json"); name != "" {
			out[name] = i
		}
	}
	return out
}

func listed(fields map[string]int) string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// typeWanted says what a type takes.
func typeWanted(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "must be text"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int, reflect.Int64:
		return "must be a whole number"
	}
	return "must be a JSON object"
}
