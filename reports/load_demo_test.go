package reports_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pursuit/demo"
	"pursuit/demo/stage"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/reports"
)

// city is the demonstration program after its year, with everybody in it.
type city struct {
	t      *testing.T
	url    string
	store  *store.Store
	loader *reports.Loader
	plan   demo.Plan
	no     int32
}

func (c city) actor(role models.Role, org int) models.Actor {
	c.t.Helper()
	for _, u := range c.plan.Users {
		if u.Role == role && u.OrgID == c.plan.Orgs[org].ID {
			return c.as(u)
		}
	}
	c.t.Fatalf("organisation %d has no %s", org, role)
	return models.Actor{}
}

func (c city) as(u demo.User) models.Actor {
	return models.Actor{Program: c.no, ProgramID: c.plan.Program.ID, TimeZone: c.plan.Program.TimeZone,
		UserID: u.ID, OrgID: u.OrgID, Role: u.Role}
}

func inCity(t *testing.T, test func(t *testing.T, c city)) {
	plan, err := demo.Build()
	if err != nil {
		t.Fatal(err)
	}
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			url := storetest.URL(t, dialect)
			if err := stage.Play(context.Background(), url, plan, "hash"); err != nil {
				t.Fatal(err)
			}
			s := storetest.OpenURL(t, url)
			programs, err := s.Programs(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			test(t, city{t: t, url: url, store: s, loader: reports.NewLoader(s), plan: plan, no: programs[0].No})
		})
	}
}

// The whole of what a year's reports promise, on one playing of the year a database:
// it takes seconds to write.
func TestTheDemoYear(t *testing.T) {
	inCity(t, func(t *testing.T, c city) {
		for _, step := range []struct { // in this order: the last ones write
			name string
			hold func(*testing.T)
		}{
			{"the summary is the printed table", c.summaryIsThePrintedTable},
			{"every role sees its own", c.everyRoleSeesItsOwn},
			{"pages hold each service once", c.pagesHoldEachServiceOnce},
			{"one service as in the list", c.oneServiceAsInTheList},
			{"workers add up to the program", c.workersAddUpToTheProgram},
			{"a partner reads any date", c.aPartnerReadsAnyDate},
			{"a frozen summary stays", c.aFrozenSummaryStays},
			{"what came late for an organisation", c.whatCameLateForAnOrganisation},
			{"what counted and went is late", c.whatCountedAndWentIsLate},
		} {
			t.Run(step.name, step.hold)
		}
	})
}

func day(text string) reports.Date {
	d, err := reports.ParseDate(text)
	if err != nil {
		return reports.Date{}
	}
	return d
}

// The summary of the demo equals the published table in every cell, and every
// check but those the report itself fails holds.
func (c city) summaryIsThePrintedTable(t *testing.T) {
	s, err := c.loader.Summary(context.Background(), c.actor(models.RoleDirector, 0), 2024, day("2024-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := reports.PublishedCheck(2024)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range p.Compare(s) {
		t.Errorf("month %d, %s: printed %v, rebuilt %v", d.Month, d.Field, number(d.Published), number(d.Rebuilt))
	}
	if *s.Totals.Referred != 263 || len(s.Rows) != 12 {
		t.Errorf("%d referred in %d months", *s.Totals.Referred, len(s.Rows))
	}
	for _, check := range s.Checks {
		if !check.Holds {
			t.Errorf("%s: %d and %d", check.Name, check.Left, check.Right)
		}
	}
}

func number(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}

func (c city) services(t *testing.T, who models.Actor, f reports.Filter, sort string, limit int) []reports.ServiceFigures {
	t.Helper()
	var out []reports.ServiceFigures
	var after *reports.Place
	for range 10_000 {
		page, err := c.loader.Services(context.Background(), who, f, sort, limit, after, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Services) > limit {
			t.Fatalf("a page of %d, not %d", len(page.Services), limit)
		}
		out = append(out, page.Services...)
		if after = page.Next; after == nil {
			break
		}
	}
	return out
}

var yearEnd = reports.Filter{AsOf: day("2024-12-31")}

func (c city) everyRoleSeesItsOwn(t *testing.T) {
	director, supervisor, worker := c.actor(models.RoleDirector, 0), c.actor(models.RoleSupervisor, 1), c.actor(models.RoleOutreachWorker, 1)
	whole := c.services(t, director, yearEnd, "", 500)
	if len(whole) != 268 {
		t.Errorf("the director counts %d services, not 268", len(whole))
	}
	for _, s := range whole {
		if s.PersonCode != "" {
			t.Fatal("the director reads a person's code")
		}
	}
	own := c.services(t, supervisor, yearEnd, "", 500)
	for _, s := range own {
		if s.OrgID != supervisor.OrgID || s.PersonCode == "" {
			t.Fatalf("the supervisor reads %+v", s)
		}
	}
	held := c.services(t, worker, yearEnd, "", 500)
	for _, s := range held {
		if string(s.WorkerID) != worker.UserID {
			t.Fatalf("the worker reads a service of %s", s.WorkerID)
		}
	}
	if len(held) == 0 || len(held) >= len(own) || len(own) >= len(whole) {
		t.Errorf("worker %d, supervisor %d, director %d services", len(held), len(own), len(whole))
	}
	other := reports.Filter{AsOf: yearEnd.AsOf, OrgID: c.plan.Orgs[2].ID}
	if got := c.services(t, supervisor, other, "", 500); len(got) != 0 {
		t.Errorf("a supervisor who asks for another organisation gets %d services", len(got))
	}
	foreign := slices.IndexFunc(whole, func(s reports.ServiceFigures) bool { return s.OrgID != supervisor.OrgID })
	for _, id := range []string{whole[foreign].ServiceID, models.NewID(), "nonsense"} {
		_, err := c.loader.Service(context.Background(), supervisor, id, yearEnd)
		if e := models.AsError(err); e == nil || e.Code != "not_found" {
			t.Errorf("a service that is not theirs: %v", err)
		}
	}
	for _, role := range []models.Role{models.RoleAdmin, models.RoleReferralPartner} {
		who := director
		who.Role = role
		if _, err := c.loader.Workers(context.Background(), who, yearEnd); models.AsError(err) == nil {
			t.Errorf("a %s reads the worker table", role)
		}
	}
}

// Sorted by a figure, every page counts the whole program again, so these pages are few: a full
// last one and many equal figures on either side of a page's end are what they are to meet.
func (c city) pagesHoldEachServiceOnce(t *testing.T) {
	director := c.actor(models.RoleDirector, 0)
	want := c.services(t, director, yearEnd, "", 500)
	for sort, limit := range map[string]int{"": 7, "-service_id": 60, "-longest_gap_days": 67, "days_to_engagement": 45, "status": 67, "-last_attempt_at": 60} {
		seen := map[string]bool{}
		for _, s := range c.services(t, director, yearEnd, sort, limit) {
			if seen[s.ServiceID] {
				t.Fatalf("sorted by %q, %s is shown twice", sort, s.ServiceID)
			}
			seen[s.ServiceID] = true
		}
		if len(seen) != len(want) {
			t.Errorf("sorted by %q: %d of %d services", sort, len(seen), len(want))
		}
	}
	f := yearEnd
	f.Status = "refused"
	if got := c.services(t, director, f, "-attempts", 11); len(got) < 44 {
		t.Errorf("%d services refused", len(got))
	}
}

func (c city) oneServiceAsInTheList(t *testing.T) {
	supervisor := c.actor(models.RoleSupervisor, 1)
	for _, want := range c.services(t, supervisor, yearEnd, "", 500)[:20] {
		page, err := c.loader.Service(context.Background(), supervisor, want.ServiceID, yearEnd)
		if err != nil {
			t.Fatal(err)
		}
		if got, listed := asJSON(t, page.Figures), asJSON(t, want); !bytes.Equal(got, listed) {
			t.Errorf("alone\n%s\nin the list\n%s", got, listed)
		}
		counted := 0
		for _, e := range page.Timeline {
			if e.Verdict == reports.Counted && e.InWindow {
				counted++
			}
		}
		if counted != want.Attempts {
			t.Errorf("%d attempts in the timeline, %d counted", counted, want.Attempts)
		}
	}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (c city) workersAddUpToTheProgram(t *testing.T) {
	ctx, director := context.Background(), c.actor(models.RoleDirector, 0)
	table, err := c.loader.Workers(ctx, director, yearEnd)
	if err != nil {
		t.Fatal(err)
	}
	program, err := c.loader.Program(ctx, director, yearEnd)
	if err != nil {
		t.Fatal(err)
	}
	sum, weeks := 0, 0
	for _, w := range table.Workers {
		sum += w.Attempts
		if w.Name != "" {
			t.Fatal("the director reads a name")
		}
	}
	for _, w := range program.Figures.Weeks {
		weeks += w.Attempts
	}
	if sum != program.Figures.Attempts || weeks != sum || sum == 0 {
		t.Errorf("workers %d, weeks %d, program %d attempts", sum, weeks, program.Figures.Attempts)
	}
	worker := c.actor(models.RoleOutreachWorker, 1)
	mine, err := c.loader.Workers(ctx, worker, yearEnd)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(table.Workers, func(w reports.WorkerFigures) bool { return w.WorkerID == worker.UserID })
	if len(mine.Workers) != 1 || mine.Workers[0].WorkerID != worker.UserID || mine.Workers[0].Attempts != table.Workers[at].Attempts {
		t.Errorf("the worker's own row is %+v, the director's %+v", mine.Workers, table.Workers[at])
	}
}
