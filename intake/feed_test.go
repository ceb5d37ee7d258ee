package intake

import (
	"context"
	"testing"

	"pursuit/models"
)

// desk is a program that keeps what it is pushed; rows in rejects are refused.
type desk struct {
	rows    map[string]bool
	results map[string]models.Result // by mutation id
	rejects map[string]string        // the field at fault, by row id
	waits   map[string]bool
	pushes  [][]models.Mutation
}

func newDesk() *desk {
	return &desk{rows: map[string]bool{}, results: map[string]models.Result{}, rejects: map[string]string{}, waits: map[string]bool{}}
}

func (d *desk) door() Door {
	return Door{
		Look: func(_ context.Context, list []models.Mutation) ([]Standing, error) {
			out := make([]Standing, len(list))
			for i, m := range list {
				out[i] = Standing{Exists: d.rows[m.Row], Seen: d.rows[m.Row], Before: d.results[m.ID].Status}
			}
			return out, nil
		},
		Try: func(_ context.Context, before, list []models.Mutation) ([]models.Result, error) {
			made := map[string]bool{}
			for _, m := range before {
				made[m.Row] = true
			}
			out := make([]models.Result, len(list))
			for i, m := range list {
				out[i] = d.judge(m, made)
				made[m.Row] = made[m.Row] || out[i].Status == models.StatusApplied
			}
			return out, nil
		},
		Push: func(_ context.Context, list []models.Mutation) ([]models.Result, error) {
			d.pushes = append(d.pushes, list)
			out := make([]models.Result, len(list))
			for i, m := range list {
				out[i] = d.judge(m, nil)
				d.results[m.ID] = out[i]
				d.rows[m.Row] = d.rows[m.Row] || out[i].Status == models.StatusApplied
			}
			return out, nil
		},
	}
}

// judge answers one mutation. Only what hangs on somebody who is there is applied.
func (d *desk) judge(m models.Mutation, made map[string]bool) models.Result {
	person := models.Text(m.Set["person_id"])
	switch field, bad := d.rejects[m.Row]; {
	case bad:
		return models.Result{ID: m.ID, Status: models.StatusRejected, Code: models.CodeInvalidValue, Field: field, Message: "must be other"}
	case d.rows[m.Row] || made[m.Row]:
		return models.Result{ID: m.ID, Status: models.StatusRejected, Code: models.CodeRowExists}
	case d.waits[m.Row] || person != "" && !d.rows[person] && !made[person]:
		return models.Result{ID: m.ID, Status: models.StatusDeferred}
	}
	return models.Result{ID: m.ID, Status: models.StatusApplied}
}

func feed(t *testing.T, d *desk, entries []Entry) Outcome {
	t.Helper()
	out, err := Feed(context.Background(), entries, d.door(), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFeedCountsWhatBecameOfALine(t *testing.T) {
	entries, _ := entriesOf(t, sheetOf(t, "code,source,referred_on\nA,outreach,2024-01-01\nB,outreach,2024-01-02\nC,outreach,2024-01-03\nD,outreach,2024-01-04\na,outreach,2024-01-01\n"))
	d := newDesk()
	d.rejects[entries[1].Person.Row] = "code"
	d.rows[entries[2].Person.Row], d.rows[entries[2].referral().Row] = true, true
	d.waits[entries[3].referral().Row] = true
	out := feed(t, d, entries)
	if out.Added != 1 || out.Known != 2 || out.Waiting != 1 || out.AtFault != 1 || len(out.Faults) != 1 || out.Faults[0].Cell != "A3" {
		t.Errorf("%+v", out)
	}
}

// Of a line at fault nothing is pushed; another line of the same person brings the
// person, and each line is one group.
func TestALineIsPushedWholeOrNotAtAll(t *testing.T) {
	entries, _ := entriesOf(t, sheetOf(t, "code,source,referred_on,shooting_review,disposition\nA,outreach,2024-01-01,2023-12-01,referred\nA,outreach,2024-01-02,2023-12-01,referred\nA,outreach,2024-01-03,,\nB,outreach,2024-01-01,,\n"))
	d := newDesk()
	d.rejects[entries[0].referral().Row], d.rejects[entries[3].referral().Row] = "source", "source"
	out := feed(t, d, entries)
	if out.Added != 2 || out.AtFault != 2 || len(d.pushes) != 1 {
		t.Fatalf("%+v, %d pushes", out, len(d.pushes))
	}
	var tables string
	groups := map[string]int{}
	for _, m := range d.pushes[0] {
		tables += m.Table + " "
		groups[m.Group]++
	}
	if tables != "people assessments referrals referrals " || groups[entries[1].referral().Row] != 3 || groups[entries[2].referral().Row] != 1 {
		t.Errorf("pushed are %s in groups %v", tables, groups)
	}
	if out = feed(t, d, entries); out.Added != 0 || out.Known != 2 || out.AtFault != 2 || len(d.pushes) != 1 {
		t.Errorf("again: %+v, %d pushes", out, len(d.pushes))
	}
}

// What was brought alone, by ids as they were before there were groups, is known; what
// was rejected then is tried anew.
func TestListsTakenInBeforeThereWereGroups(t *testing.T) {
	entries, _ := entriesOf(t, sheetOf(t, "code,source,referred_on\nA,outreach,2024-01-01\nB,outreach,2024-01-01\n"))
	d := newDesk()
	for i, e := range entries {
		status := []models.Status{models.StatusApplied, models.StatusRejected}[i]
		d.results[e.Person.ID] = models.Result{Status: models.StatusApplied}
		d.results[e.referral().ID] = models.Result{Status: status}
		d.rows[e.Person.Row] = i == 1 // the first is gone since
	}
	if out := feed(t, d, entries); out.Known != 1 || out.Added != 1 || d.rows[entries[0].Person.Row] {
		t.Errorf("%+v", out)
	}
}
