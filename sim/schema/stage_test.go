package schema

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// binaries are the servers: of today, of a schema to come, and one without the first.
type binaries struct{ plain, trial, retired string }

// stage is one database, its server, and a program with people on it.
type stage struct {
	*testing.T
	ctx     context.Context
	bin     binaries
	site    *harness.Site
	server  *harness.Server
	program *harness.Program
	org     string
	manager *harness.Device
	worker  *harness.Device
}

// TestSchemas plays every scene on both databases.
func TestSchemas(t *testing.T) {
	dir := t.TempDir()
	var bin binaries
	for path, tags := range map[*string]string{&bin.plain: "plain", &bin.trial: harness.TagTrial, &bin.retired: harness.TagRetired} {
		var err error
		if *path, err = harness.BuildTagged(t.Context(), dir, tags); err != nil {
			t.Fatal(err)
		}
	}
	scenes := map[string]func(*stage){
		"an old app goes on":               oldAppGoesOn,
		"an old app blanks nothing":        oldAppBlanksNothing,
		"an upgraded app lacks nothing":    upgradedLacksNothing,
		"a backfill resumes anywhere":      backfillResumes,
		"a backfill follows the scope":     backfillFollowsScope,
		"a backfill's cursor is its own":   backfillCursors,
		"an app of a retired schema":       retiredApp,
		"instances of two versions at one": instancesOfTwoVersions,
	}
	for _, kind := range []harness.Kind{harness.SQLite, harness.Postgres} {
		t.Run(string(kind), func(t *testing.T) {
			var cluster *harness.Cluster
			if kind == harness.Postgres {
				var err error
				if cluster, err = harness.NewCluster(t.Context(), filepath.Join(dir, "cluster"), false); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { must(t, cluster.Stop()) })
			}
			for i, name := range slices.Sorted(maps.Keys(scenes)) {
				t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
					scenes[name](open(t, bin, kind, dir, string(rune('a'+i)), cluster))
				})
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open starts a server of the first schema on a fresh database, with a case manager
// and an outreach worker of one organisation.
func open(t *testing.T, bin binaries, kind harness.Kind, dir, name string, cluster *harness.Cluster) *stage {
	t.Helper()
	s := &stage{T: t, ctx: context.WithoutCancel(t.Context()), bin: bin}
	var err error
	s.site, err = harness.NewSite(s.ctx, kind, bin.plain, dir, "schema_"+string(kind)+name, cluster)
	must(t, err)
	s.server, err = s.site.Start(s.ctx, nil)
	must(t, err)
	t.Cleanup(func() { must(t, s.server.Stop()) })
	s.program, err = s.site.Bootstrap(s.ctx, s.server.URL, "p")
	must(t, err)
	s.org, err = s.program.Org(s.ctx, "Provider", "service_provider")
	must(t, err)
	s.manager, s.worker = s.user("case_manager"), s.user("outreach_worker")
	return s
}

// user signs in a user of the organisation, with an app of the first schema.
func (s *stage) user(role string) *harness.Device {
	s.Helper()
	session, err := s.program.User(s.ctx, role, s.org)
	must(s, err)
	return harness.NewDevice(session)
}

// second signs the user of a device in on another one.
func (s *stage) second(d *harness.Device) *harness.Device {
	s.Helper()
	session, err := harness.Login(s.ctx, s.server.URL, nil, d.Tokens.User.Email, harness.Password)
	must(s, err)
	return harness.NewDevice(session)
}

// becomes puts another binary in the server's place, on the same database.
func (s *stage) becomes(binary string) {
	s.Helper()
	must(s, s.server.Stop())
	s.site.Binary = binary
	must(s, s.server.Restart(s.ctx))
}

// app gives devices an app of a schema.
func (s *stage) app(schema int, devices ...*harness.Device) {
	s.Helper()
	app, err := harness.AppOf(s.ctx, s.program.Admin.Client, schema)
	must(s, err)
	for _, d := range devices {
		d.App = app
	}
}

// applied pushes and expects everything to be stored as sent.
func (s *stage) applied(d *harness.Device, push ...harness.Mutation) {
	s.Helper()
	results, err := d.Push(s.ctx, push...)
	must(s, err)
	for _, r := range results {
		if r.Status != "applied" || len(r.Conflicts) > 0 {
			s.Fatalf("%+v", r)
		}
	}
}

// pull brings a device up to date and answers how many rows and drops came.
func (s *stage) pull(d *harness.Device) int {
	s.Helper()
	pages, err := d.PullAll(s.ctx)
	must(s, err)
	n := 0
	for _, page := range pages {
		n += page.Rows() + len(page.Drop)
	}
	return n
}

// person inserts a person with a contact and answers their ids.
func (s *stage) person(d *harness.Device, code string) (person, contact string) {
	s.Helper()
	p := harness.Insert("people", map[string]any{"code": code, "first_name": "Ada"})
	c := harness.Insert("known_contacts", map[string]any{"person_id": p.Row, "name": "Aunt of " + code, "relation": "family"})
	s.applied(d, p, c)
	return p.Row, c.Row
}

// field demands the value of a field of a device's row.
func (s *stage) field(d *harness.Device, table, row, field string, want any) {
	s.Helper()
	local := d.Row(table, row)
	if local == nil {
		s.Fatalf("%s %s is not there", table, row)
	}
	if got, there := local[field]; got != want || !there {
		s.Errorf("%s.%s is %v (named: %v), want %v", table, field, got, there, want)
	}
}

// patch makes a patch of a device's row as the device knows it.
func patch(d *harness.Device, table, row string, set map[string]any) harness.Mutation {
	return harness.Patch(table, row, d.Row(table, row).V(), set)
}

// alike demands that two devices of one user hold the same, field by field.
func (s *stage) alike(a, b *harness.Device) {
	s.Helper()
	for _, pair := range [][2]*harness.Device{{a, b}, {b, a}} {
		for table, rows := range pair[0].Tables {
			for id, row := range rows {
				if other := pair[1].Row(table, id); !maps.EqualFunc(row, other, same) {
					s.Fatalf("%s %s is %v on one device and %v on the other", table, id, row, other)
				}
			}
		}
	}
}

func same(a, b any) bool {
	listA, isA := a.([]any)
	listB, isB := b.([]any)
	if isA && isB {
		return slices.Equal(listA, listB)
	}
	return !isA && !isB && a == b
}
