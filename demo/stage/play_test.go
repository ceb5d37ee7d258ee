package stage_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"pursuit/demo"
	"pursuit/demo/stage"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

func built(t *testing.T) demo.Plan {
	t.Helper()
	plan, err := demo.Build()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func play(t *testing.T, dialect store.Dialect, plan demo.Plan) *store.Store {
	t.Helper()
	url := storetest.URL(t, dialect)
	if err := stage.Play(context.Background(), url, plan, "hash"); err != nil {
		t.Fatal(err)
	}
	return storetest.OpenURL(t, url)
}

// feed reads every live row of the change feed, as table/id → its document.
func feed(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	rows, err := s.SQLDB().Query(`SELECT tbl, id, doc FROM feed WHERE NOT deleted`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var no int
		var id, doc string
		if err := rows.Scan(&no, &id, &doc); err != nil {
			t.Fatal(err)
		}
		found[models.Tables.TableNo(no).Name+"/"+id] = doc
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func perTable(rows map[string]string) map[string]int {
	count := map[string]int{}
	for key := range rows {
		table, _, _ := strings.Cut(key, "/")
		count[table]++
	}
	return count
}

// The same plan makes the same rows, field for field, on either database: ids,
// sequence numbers and times included. All that it was to write is there.
func TestPlay(t *testing.T) {
	plan := built(t)
	first := feed(t, play(t, store.SQLite, plan))
	t.Run("writes the plan", func(t *testing.T) { holdsThePlan(t, plan, first) })
	t.Run("keeps the year", func(t *testing.T) { keepsTheYear(t, first) })
	for _, dialect := range storetest.Dialects {
		t.Run("again on "+string(dialect), func(t *testing.T) { same(t, first, feed(t, play(t, dialect, plan))) })
	}
}

// holdsThePlan: every insert of the plan is a row, every turn of a case leaves its
// status event, every word with a probation officer its disclosure, and nothing waits, stands in quarantine or is in conflict.
func holdsThePlan(t *testing.T, plan demo.Plan, rows map[string]string) {
	want := map[string]int{"staff": len(plan.Users), "assignments": selfAssigned(rows, plan)}
	for _, step := range plan.Steps {
		for _, m := range step.Push {
			switch {
			case m.Op == models.OpInsert:
				want[m.Table]++
				if models.Text(m.Set["channel"]) == models.ChannelProbationOfficer {
					want["disclosures"]++
				}
			case m.Table == "services" && m.Set["status"] != nil:
				want["status_events"]++
			}
		}
	}
	if want["people"] != 303 || want["assessments"] != 230 || want["referrals"] != 263 || want["services"] != 268 {
		t.Errorf("the plan lost its figures: %v", want)
	}
	if got := perTable(rows); !maps.Equal(got, want) {
		t.Errorf("rows per table:\n got %v\nwant %v", got, want)
	}
}

func same(t *testing.T, first, again map[string]string) {
	differ := 0
	for key, doc := range first {
		if again[key] != doc {
			if differ++; differ <= 3 {
				t.Errorf("%s\n is %s\nwas %s", key, again[key], doc)
			}
		}
	}
	if differ > 3 || len(again) != len(first) {
		t.Errorf("%d rows differ; %d rows, were %d", differ, len(again), len(first))
	}
}

// keepsTheYear: what was written in the year stands at its own time, not at the time
// of loading.
func keepsTheYear(t *testing.T, rows map[string]string) {
	zone, err := time.LoadLocation(demo.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	for key, doc := range rows {
		var row struct {
			Made    time.Time `json:"created_at"`
			Updated time.Time `json:"updated_at"`
		}
		if err := json.Unmarshal([]byte(doc), &row); err != nil {
			t.Fatal(err)
		}
		if row.Made.In(zone).Year() != demo.Year || row.Updated.In(zone).Year() != demo.Year || row.Updated.Before(row.Made) {
			t.Fatalf("%s was made at %s and changed at %s", key, row.Made, row.Updated)
		}
	}
}

// The published counts of shootings are entered for every month.
func TestPlayEntersIncidentCounts(t *testing.T) {
	plan := built(t)
	plan.Steps = nil
	for _, dialect := range storetest.Dialects {
		var months, injuries, shootings int
		err := play(t, dialect, plan).SQLDB().QueryRow(`SELECT count(*), sum(injury_fatal_shootings), sum(shooting_incidents)
			FROM incident_counts WHERE year = 2024`).Scan(&months, &injuries, &shootings)
		if err != nil || months != 12 || injuries != 226 || shootings != 803 {
			t.Errorf("%s: %d months, %d and %d shootings, %v", dialect, months, injuries, shootings, err)
		}
	}
}

// Every push of the plan is in the audit, at its time.
func TestPlayIsAudited(t *testing.T) {
	plan := built(t)
	plan.Steps = plan.Steps[:40]
	for _, dialect := range storetest.Dialects {
		var n, last int64
		err := play(t, dialect, plan).SQLDB().QueryRow(`SELECT count(*), max(at) FROM audit WHERE action = 'push'`).Scan(&n, &last)
		if err != nil || n != 40 || last != plan.Steps[39].At.UnixMilli() {
			t.Errorf("%s: %d pushes, the last at %d, %v", dialect, n, last, err)
		}
	}
}

// selfAssigned counts the assignments that the server made for workers who opened a
// service themselves.
func selfAssigned(rows map[string]string, plan demo.Plan) int {
	roles := map[string]models.Role{}
	for _, u := range plan.Users {
		roles[u.ID] = u.Role
	}
	n := 0
	for key, doc := range rows {
		var row struct {
			By string `json:"created_by"`
		}
		if strings.HasPrefix(key, "services/") && json.Unmarshal([]byte(doc), &row) == nil && roles[row.By] == models.RoleOutreachWorker {
			n++
		}
	}
	return n
}

// A database that holds a program is left as it is.
func TestPlayRefusesASecondTime(t *testing.T) {
	plan := built(t)
	for _, dialect := range storetest.Dialects {
		url := storetest.URL(t, dialect)
		short := plan
		short.Steps = nil
		for n, want := range []bool{true, false} {
			err := stage.Play(context.Background(), url, short, "hash")
			if (err == nil) != want {
				t.Errorf("%s: play %d: %v", dialect, n+1, err)
			}
		}
	}
}

// A mutation that does not apply is named, by its ids and never by its values.
func TestPlayNamesWhatDoesNotApply(t *testing.T) {
	plan := built(t)
	bad := models.Mutation{ID: "0192f000-0000-7000-8000-000000000001", Table: "people", Row: "0192f000-0000-7000-8000-000000000002",
		Op: models.OpInsert, At: models.FormatTime(plan.Steps[0].At), Set: map[string]json.RawMessage{"gender": []byte(`"Secretvalue"`)}}
	plan.Steps = []demo.Step{{At: plan.Steps[0].At, Author: plan.Steps[0].Author, Push: []models.Mutation{bad}}}
	err := stage.Play(context.Background(), storetest.URL(t, store.SQLite), plan, "hash")
	if err == nil || !strings.Contains(err.Error(), bad.ID) || strings.Contains(err.Error(), "Secretvalue") {
		t.Errorf("error: %v", err)
	}
}
