package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pursuit/models"
)

// story is a program told with names instead of ids.
type story struct {
	t      *testing.T
	e      *Engine
	now    time.Time
	admin  models.Actor
	ids    map[string]string // by name
	names  map[string]string // by id
	counts map[string]int    // of rows that the server named, by table
	people map[string]models.Actor
	phones map[string]*storyPhone
}

// storyPhone is one device: what it holds and what it sent last.
type storyPhone struct {
	cursor string
	rows   map[rowKey]map[string]json.RawMessage
	bases  map[string]int64 // the `_v` it last saw of each row, deleted ones included
	last   []Item
}

func newStory(t *testing.T, e *Engine) *story {
	st := &story{t: t, e: e, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), ids: map[string]string{}, names: map[string]string{},
		counts: map[string]int{}, people: map[string]models.Actor{}, phones: map[string]*storyPhone{}}
	e.store.Clock = func() time.Time { return st.now }
	made, err := st.e.Bootstrap(context.Background(), NewProgram{Name: "home", TimeZone: "UTC", AdminEmail: models.NewID() + "@example.org"})
	st.must(err)
	programs, err := e.store.Programs(context.Background())
	st.must(err)
	st.admin = models.Actor{Program: programs[len(programs)-1].No, ProgramID: made.ProgramID, OrgID: made.OrgID, OrgKind: models.OrgLead,
		TimeZone: "UTC", UserID: made.UserID, Role: models.RoleAdmin, DeviceID: "desk"}
	st.call("home", made.OrgID)
	st.call("program", made.ProgramID)
	st.call("admin", made.UserID)
	st.people["admin"] = st.admin
	return st
}

func (st *story) must(err error) {
	st.t.Helper()
	if err != nil {
		st.t.Fatal(err)
	}
}

func (st *story) call(name, id string) string {
	st.ids[name], st.names[id] = id, name
	return id
}

var nameInQuotes = regexp.MustCompile(`"([A-Za-z][A-Za-z0-9]*)"`)

// id gives the id of a name, made on first mention.
func (st *story) id(name string) string {
	if id, ok := st.ids[name]; ok {
		return id
	}
	return st.call(name, models.NewID())
}

var uuidText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
var exactTime = regexp.MustCompile(`(\d{4}-\d\d-\d\d)T(\d\d:\d\d):00\.000Z`)

// told puts names for ids and short times for long ones.
func (st *story) told(s string) string {
	s = uuidText.ReplaceAllStringFunc(s, func(id string) string {
		if name, ok := st.names[id]; ok {
			return name
		}
		return "somebody"
	})
	return exactTime.ReplaceAllString(s, "$1 $2")
}

// rowName gives a row's name; one that the server made is named after its table.
func (st *story) rowName(table, id string) string {
	if name, ok := st.names[id]; ok {
		return name
	}
	st.counts[table]++
	name := fmt.Sprintf("%s%d", strings.TrimSuffix(table, "s"), st.counts[table])
	st.call(name, id)
	return name
}

func (st *story) run(commands string) string {
	lines := strings.Split(commands, "\n")
	words := strings.Fields(lines[0])
	switch words[0] {
	case "cast":
		return st.cast(words[1:])
	case "wait":
		d, err := time.ParseDuration(words[1])
		st.must(err)
		st.now = st.now.Add(d)
		st.must(st.e.Sweep(context.Background()))
		return ""
	case "move":
		return st.move(words[1], words[2])
	case "push":
		return st.push(words[1:], lines[1:])
	case "again":
		return st.send(words[1], st.phone(words[1]).last, time.Time{})
	case "pull":
		return st.pull(words[1])
	case "receipts":
		return st.receipts(words[1])
	case "duplicates":
		return st.duplicates(words[1])
	case "merge":
		return st.merge(words[1], words[2], words[3])
	}
	st.t.Fatalf("no such command: %s", words[0])
	return ""
}

// cast makes organisations (name:kind) and people (name=role or name=role@organisation).
func (st *story) cast(words []string) string {
	for _, w := range words {
		if name, kind, ok := strings.Cut(w, ":"); ok {
			org, err := st.e.CreateOrg(context.Background(), st.admin, models.Org{Name: name, Kind: models.OrgKind(kind)})
			st.must(err)
			st.call(name, org.ID)
			continue
		}
		name, post, _ := strings.Cut(w, "=")
		role, org, ok := strings.Cut(post, "@")
		if !ok {
			org = "home"
		}
		u, err := st.e.CreateUser(context.Background(), st.admin, models.User{OrgID: st.id(org), Email: models.NewID() + "@example.org",
			Name: name, Role: models.Role(role), Active: true})
		st.must(err)
		st.call(name, u.ID)
		st.people[name] = models.Actor{Program: st.admin.Program, ProgramID: st.admin.ProgramID, TimeZone: "UTC", UserID: u.ID,
			OrgID: u.OrgID, Role: u.Role, OrgKind: st.kind(u.OrgID)}
	}
	return ""
}

func (st *story) kind(org string) models.OrgKind {
	o, err := st.e.store.Org(context.Background(), st.admin.Program, org)
	st.must(err)
	return o.Kind
}

func (st *story) move(name, post string) string {
	role, org, ok := strings.Cut(post, "@")
	if !ok {
		org = "home"
	}
	_, err := st.e.UpdateUser(context.Background(), st.admin, st.id(name), func(u *models.User) error {
		u.Role, u.OrgID = models.Role(role), st.id(org)
		return nil
	})
	st.must(err)
	who := st.people[name]
	who.Role, who.OrgID, who.OrgKind = models.Role(role), st.id(org), st.kind(st.id(org))
	st.people[name] = who
	return ""
}

// actor gives who uses a device: "wanda", or "wanda/tablet" for her second one.
func (st *story) actor(device string) models.Actor {
	name, _, _ := strings.Cut(device, "/")
	who, ok := st.people[name]
	if !ok {
		st.t.Fatalf("who is %s?", name)
	}
	who.DeviceID = device
	return who
}

func (st *story) phone(device string) *storyPhone {
	if st.phones[device] == nil {
		st.phones[device] = &storyPhone{rows: map[rowKey]map[string]json.RawMessage{}, bases: map[string]int64{}}
	}
	return st.phones[device]
}
