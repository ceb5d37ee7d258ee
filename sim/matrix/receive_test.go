package matrix

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"pursuit/sim/harness"
)

// received is what docs/domain.md, "Who writes, who receives", and docs/protocol.md,
// section 6, say a role ever receives of the tables that speak of cases: everything
// but what is withheld from workers, or nothing.
func received(role, table string) bool {
	if table == "staff" || table == "settings" {
		return true
	}
	switch role {
	case worker:
		return !slices.Contains([]string{"assessments", "program_events", "disclosures", "conflicts"}, table)
	case manager, supervisor:
		return true
	}
	return false
}

// receives pulls as every role, the whole stream, each table alone, each bucket, what
// a new schema would bring, and as a file, and looks for tables that the role must
// not have and rows that its holder must not know of.
func receives(t *testing.T, s *scene) {
	declared := schema(t, s)
	for _, role := range roles() {
		t.Run(role, func(t *testing.T) {
			v := viewer{s: s, who: s.home.at(ours, role), role: role}
			for table := range declared {
				v.tables = append(v.tables, table)
			}
			slices.Sort(v.tables)
			v.streams(t)
			v.buckets(t)
			v.digests(t)
			v.files(t)
		})
	}
	t.Run("law enforcement", func(t *testing.T) { lawEnforcement(t, s) })
}

// lawEnforcement asks for every export as a supervisor of a law-enforcement
// organisation: there is none for them, docs/protocol.md, section 3.
func lawEnforcement(t *testing.T, s *scene) {
	for table := range writes() {
		for _, format := range []string{"csv", "ndjson", "xlsx"} {
			answer, err := s.home.at(police, supervisor).JSON(ctx(t), http.MethodGet, "/v1/export/"+table+"?format="+format, nil)
			if err != nil {
				t.Fatal(err)
			}
			refused(t, answer, http.StatusForbidden, "forbidden")
		}
	}
}

// viewer is a role with the tables of the server.
type viewer struct {
	s      *scene
	who    *harness.Device
	role   string
	tables []string
}

// streams pulls everything, then each table by itself, then a backfill.
func (v viewer) streams(t *testing.T) {
	all := harness.NewDevice(v.who.Session)
	for _, page := range pull(t, all) {
		v.page(t, "the whole stream", page)
	}
	d := v.s.caseOf(v.who, own)
	for _, table := range v.tables {
		one := harness.NewDevice(v.who.Session)
		one.Only = []string{table}
		for _, page := range pull(t, one) {
			v.page(t, "the stream of "+table, page)
		}
		if len(one.Tables[table]) != len(all.Tables[table]) {
			t.Errorf("%s has %d rows alone and %d with the others", table, len(one.Tables[table]), len(all.Tables[table]))
		}
		if rows := d.rows[table]; received(v.role, table) && v.role != partner && len(rows) > 0 && all.Row(table, rows[0].ID()) == nil && !v.apart(table) {
			t.Errorf("the case's own row of %s does not come: what is withheld proves nothing", table)
		}
	}
	page := v.sync(t, map[string]any{"cursor": nil, "backfill": map[string]any{"from_schema": 1}})
	v.page(t, "a backfill", page)
}

// apart tells which tables of a case are not everybody's who works it: quarantine is
// for supervisors and authors, transfers for who holds by the organisation's grants;
// and the admin sits in the lead organisation.
func (v viewer) apart(table string) bool {
	return v.role == admin || v.role == manager && table == "quarantine" || v.role == worker && table == "transfers"
}

// buckets asks for every bucket that there is, one by one: one that is not held is
// answered like one that does not exist.
func (v viewer) buckets(t *testing.T) {
	empty := v.bucket(t, harness.NewID())
	ask := func(name string, id string) {
		if got := v.bucket(t, id); got != empty {
			t.Errorf("a bucket of %s is not answered like none: %.300s", name, got)
		}
	}
	for name, d := range v.s.abroad.cases {
		for _, id := range d.buckets {
			ask("another program ("+name+")", id)
		}
	}
	for _, id := range v.s.home.cases[theirs].buckets {
		ask("another organisation", id)
	}
	mine := v.s.caseOf(v.who, own)
	for _, id := range mine.buckets {
		held := v.role == worker || v.role == manager || v.role == supervisor
		if got := v.bucket(t, id); !held && id != v.who.Tokens.User.OrgID && got != empty {
			t.Errorf("a bucket of a case is not answered like none: %.300s", got)
		}
	}
	if got := v.bucket(t, v.who.Tokens.User.OrgID); got == empty {
		t.Error("the own organisation's bucket is empty: the check is too")
	}
}

// bucket pulls one bucket and answers what came, without what differs from call to call.
func (v viewer) bucket(t *testing.T, id string) string {
	t.Helper()
	page := v.sync(t, map[string]any{"cursor": nil, "buckets": []string{id}})
	v.page(t, "a bucket", page)
	text, err := json.Marshal(map[string]any{"changes": page.Changes, "drop": page.Drop, "complete": page.Complete, "replace": page.Replace})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// digests looks for buckets and tables that the role does not hold.
func (v viewer) digests(t *testing.T) {
	answer, err := v.who.JSON(ctx(t), http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": nil})
	if err != nil {
		t.Fatal(err)
	}
	sound(t, "digests", answer)
	var sums harness.Digests
	if err := answer.Decode(&sums); err != nil {
		t.Fatal(err)
	}
	for id, tables := range sums.Buckets {
		for table := range tables {
			if !received(v.role, table) {
				t.Errorf("the digests tell of rows of %s", table)
			}
		}
		for _, d := range []*dossier{v.s.home.cases[theirs], v.s.abroad.cases[ours]} {
			if slices.Contains(d.buckets, id) {
				t.Error("the digests tell of somebody else's bucket")
			}
		}
	}
}

// files exports every table in every format.
func (v viewer) files(t *testing.T) {
	for _, table := range v.tables {
		for _, format := range []string{"csv", "ndjson", "xlsx"} {
			answer, err := v.who.JSON(ctx(t), http.MethodGet, "/v1/export/"+table+"?format="+format, nil)
			if err != nil {
				t.Fatal(err)
			}
			sound(t, "export "+table, answer)
			if v.role == partner {
				refused(t, answer, http.StatusForbidden, "forbidden")
				continue
			}
			text := readable(t, answer)
			for mark, what := range v.s.strange(v.role) {
				if contained(text, mark) {
					t.Errorf("the export of %s as %s tells of %s", table, format, what)
				}
			}
			for _, row := range v.s.home.cases[ours].rows[table] {
				if !received(v.role, table) && contained(text, row.ID()) {
					t.Errorf("the export of %s as %s holds a row", table, format)
				}
			}
		}
	}
}

func (v viewer) sync(t *testing.T, pull map[string]any) harness.Page {
	t.Helper()
	answer, err := v.who.JSON(ctx(t), http.MethodPost, "/v1/sync", map[string]any{"protocol": 1, "schema": 1, "pull": pull})
	if err != nil {
		t.Fatal(err)
	}
	sound(t, fmt.Sprint(pull), answer)
	var page harness.Page
	if err := answer.Decode(&page); err != nil {
		t.Fatal(err)
	}
	return page
}

// page checks one page: no table that is withheld, deletions included, and nothing of
// somebody else's.
func (v viewer) page(t *testing.T, what string, page harness.Page) {
	t.Helper()
	for table, change := range page.Changes {
		if !received(v.role, table) && len(change.Upsert)+len(change.Remove) > 0 {
			t.Errorf("%s brings %d rows and %d removals of %s", what, len(change.Upsert), len(change.Remove), table)
		}
	}
	text, err := json.Marshal(page.Changes)
	if err != nil {
		t.Fatal(err)
	}
	for mark, what := range v.s.strange(v.role) {
		if contained(text, mark) {
			t.Errorf("a page tells of %s", what)
		}
	}
}
