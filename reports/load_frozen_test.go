package reports_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pursuit/demo"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/reports"
	"pursuit/sync"
)

// A frozen summary answers the same bytes whatever syncs after it, and names it.
func (c city) aFrozenSummaryStays(t *testing.T) {
	ctx, director := context.Background(), c.actor(models.RoleDirector, 0)
	id, err := c.loader.Freeze(ctx, director, 2024, day("2024-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := c.loader.Frozen(ctx, director, id)
	if err != nil || len(before.Late) != 0 {
		t.Fatalf("late at once: %v, %v", before.Late, err)
	}
	person, referral := c.refer(t, "2024-12-30")
	after, err := c.loader.Frozen(ctx, director, id)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before.Summary, after.Summary) || !bytes.Equal(before.CSV, after.CSV) || !bytes.Equal(before.XLSX, after.XLSX) {
		t.Error("what was frozen has changed")
	}
	if len(after.Late) != 1 || after.Late[0].Table != "referrals" || after.Late[0].ID != referral {
		t.Errorf("late: %v, not the referral of %s", after.Late, person)
	}
	now, err := c.loader.Summary(ctx, director, 2024, day("2024-12-31"))
	if err != nil || *now.Totals.Referred != 264 {
		t.Errorf("the live summary counts %v, %v", *now.Totals.Referred, err)
	}
	for _, who := range []models.Actor{c.actor(models.RoleSupervisor, 1), c.actor(models.RoleReferralPartner, 4)} {
		if _, err := c.loader.Frozen(ctx, who, id); models.AsError(err) == nil || models.AsError(err).Code != "not_found" {
			t.Errorf("a %s reads the program's frozen summary: %v", who.Role, err)
		}
	}
}

// What came late for an organisation is its own: a status set afterwards, and a row
// that is gone.
func (c city) whatCameLateForAnOrganisation(t *testing.T) {
	ctx, supervisor, other := context.Background(), c.actor(models.RoleSupervisor, 1), c.actor(models.RoleSupervisor, 2)
	id, err := c.loader.Freeze(ctx, supervisor, 2024, day("2024-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := c.loader.Freeze(ctx, other, 2024, day("2024-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	pursued := reports.Filter{AsOf: day("2024-12-31"), Status: "pursuing"}
	services := c.services(t, supervisor, pursued, "", 500)
	c.push(t, supervisor,
		models.Mutation{Table: "services", Row: services[0].ServiceID, Op: models.OpPatch, Base: demo.SeenAll,
			Set: values(map[string]string{"status": "refused", "status_on": "2024-12-30"})},
		models.Mutation{Table: "services", Row: services[1].ServiceID, Op: models.OpPatch, Base: demo.SeenAll,
			Set: values(map[string]string{"status": "refused", "status_on": "2025-01-30"})},
		models.Mutation{Table: "services", Row: services[2].ServiceID, Op: models.OpDelete, Base: demo.SeenAll})
	late, err := c.loader.Frozen(ctx, supervisor, id)
	if err != nil {
		t.Fatal(err)
	}
	if len(late.Late) != 2 || late.Late[0].Table != "status_events" || late.Late[1].ID != services[2].ServiceID {
		t.Errorf("late: %+v, not one status of December and one deletion", late.Late)
	}
	kept, err := c.loader.Freeze(ctx, supervisor, 2024, day("2024-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	c.push(t, supervisor, models.Mutation{Table: "services", Row: services[0].ServiceID, Op: models.OpPatch, Base: demo.SeenAll,
		Set: values(map[string]string{"status_on": "2025-01-30"})})
	if since, err := c.loader.Frozen(ctx, supervisor, kept); err != nil || len(since.Late) != 1 || since.Late[0].ID != late.Late[0].ID {
		t.Errorf("late of a status that is of after the summary since: %+v, %v", since.Late, err)
	}
	if late, err = c.loader.Frozen(ctx, other, theirs); err != nil || len(late.Late) != 0 {
		t.Errorf("late for another organisation: %+v, %v", late.Late, err)
	}
}

// What counted and does not any more, deleted or dated out of the time, is named to the
// director and to the supervisor of the organisation alike, and to no other organisation;
// what never counted is not.
func (c city) whatCountedAndWentIsLate(t *testing.T) {
	ctx, director, supervisor, other := context.Background(), c.actor(models.RoleDirector, 0), c.actor(models.RoleSupervisor, 0), c.actor(models.RoleSupervisor, 1)
	person, moved := c.refer(t, "2024-03-05")
	rows := map[string][]string{}
	var list []models.Mutation
	for table := range dates() {
		for _, on := range []string{"2024-03-05", "2024-03-05", "2024-03-05", "2023-03-05", "2023-03-05"} {
			m := dated(table, person, on)
			rows[table], list = append(rows[table], m.Row), append(list, m)
		}
	}
	c.push(t, c.manager(t), list...)
	frozen := map[string]models.Actor{}
	for _, who := range []models.Actor{director, supervisor, other} {
		id, err := c.loader.Freeze(ctx, who, 2024, day("2024-06-30"))
		if err != nil {
			t.Fatal(err)
		}
		frozen[id] = who
	}
	want := []string{moved}
	list = []models.Mutation{redated("referrals", moved, "2025-03-06")}
	for table, ids := range rows {
		never := dated(table, person, "2024-07-01")
		list = append(list, removed(table, ids[0]), removed(table, ids[3]), redated(table, ids[1], "2025-03-06"), redated(table, ids[4], "2022-03-06"),
			redated(table, ids[2], "2025-03-06"), removed(table, ids[2]), never, removed(table, never.Row))
		want = append(want, ids[:3]...)
	}
	c.push(t, c.manager(t), list...)
	slices.Sort(want)
	for id, who := range frozen {
		f, err := c.loader.Frozen(ctx, who, id)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, late := range f.Late {
			got = append(got, late.ID)
		}
		if slices.Sort(got); who.UserID == other.UserID && len(got) != 0 || who.UserID != other.UserID && !slices.Equal(got, want) {
			t.Errorf("late for the %s of %s: %v, not %v", who.Role, who.OrgID, f.Late, want)
		}
	}
}

// dates names the field by which a table's rows count.
func dates() map[string]string {
	return map[string]string{"referrals": "referred_on", "assessments": "shooting_review_on", "program_events": "on"}
}

// dated enters a row of a person on a date.
func dated(table, person, on string) models.Mutation {
	set := map[string]string{"person_id": person, dates()[table]: on}
	switch table {
	case "referrals":
		set["source"] = "outreach"
	case "assessments":
		set["disposition"] = "referred"
	case "program_events":
		set["kind"] = "relocation"
	}
	return models.Mutation{Table: table, Row: models.NewID(), Op: models.OpInsert, Set: values(set)}
}

func redated(table, id, on string) models.Mutation {
	return models.Mutation{Table: table, Row: id, Op: models.OpPatch, Base: demo.SeenAll, Set: values(map[string]string{dates()[table]: on})}
}

func removed(table, id string) models.Mutation {
	return models.Mutation{Table: table, Row: id, Op: models.OpDelete, Base: demo.SeenAll}
}

func (c city) push(t *testing.T, who models.Actor, list ...models.Mutation) {
	t.Helper()
	engine, err := sync.New(context.Background(), c.store, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	items := make([]sync.Item, len(list))
	for i, m := range list {
		m.ID, m.At = models.NewID(), models.FormatTime(time.Now())
		items[i].Mutation = m
	}
	results, err := engine.Push(context.Background(), who, time.Time{}, items)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Status != models.StatusApplied && r.Status != models.StatusMerged {
			t.Fatalf("%s of %s: %s %s %s", list[i].Op, list[i].Table, r.Status, r.Code, r.Field)
		}
	}
}

// refer enters a person and a referral on a date, as a case manager of the lead.
func (c city) refer(t *testing.T, on string) (person, referral string) {
	t.Helper()
	person, referral = models.NewID(), models.NewID()
	c.push(t, c.manager(t),
		models.Mutation{Table: "people", Row: person, Op: models.OpInsert, Set: values(map[string]string{"code": "Late Heron"})},
		models.Mutation{Table: "referrals", Row: referral, Op: models.OpInsert,
			Set: values(map[string]string{"person_id": person, "source": "outreach", "referred_on": on})})
	return person, referral
}

func (c city) manager(t *testing.T) models.Actor {
	t.Helper()
	who := c.actor(models.RoleCaseManager, 0)
	org, err := store.In(context.Background(), c.store, func(tx *store.Tx) (models.Org, error) { return tx.Org(who.Program, who.OrgID) })
	if err != nil {
		t.Fatal(err)
	}
	who.OrgKind = org.Kind
	return who
}

func values(texts map[string]string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, text := range texts {
		out[name] = models.Quote(text)
	}
	return out
}
