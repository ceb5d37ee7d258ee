package reports_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
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

// refer enters a person and a referral on a date, as a case manager of the lead.
func (c city) refer(t *testing.T, on string) (person, referral string) {
	t.Helper()
	engine, err := sync.New(context.Background(), c.store, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	person, referral = models.NewID(), models.NewID()
	at := models.FormatTime(time.Now())
	results, err := engine.Push(context.Background(), c.manager(t), time.Time{}, []sync.Item{
		{Mutation: models.Mutation{ID: models.NewID(), Table: "people", Row: person, Op: models.OpInsert, At: at,
			Set: values(map[string]string{"code": "Late Heron"})}},
		{Mutation: models.Mutation{ID: models.NewID(), Table: "referrals", Row: referral, Op: models.OpInsert, At: at,
			Set: values(map[string]string{"person_id": person, "source": "outreach", "referred_on": on})}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Status != models.StatusApplied {
			t.Fatalf("%s: %s %s", r.Status, r.Code, r.Field)
		}
	}
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
