package retention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/push/cadence"
	"pursuit/reports"
)

const (
	perPurge   = 200   // persons of one transaction: writers of the program wait for it
	maxRounds  = 5_000 // a million persons
	passes     = 3     // those nobody keeps longer, those whom somebody does, those deleted
	actionName = "purge"
)

// Outcome is what a purge did, or with dry would do, to a program.
type Outcome struct {
	Program string         `json:"program_id"`
	Dry     bool           `json:"dry_run"`
	Days    int            `json:"retention_days"` // 0: no schedule, nobody goes
	Hold    bool           `json:"legal_hold"`     // of the whole program
	Kept    int            `json:"organisations_with_longer_schedules"`
	Persons int            `json:"persons"`
	Rows    map[string]int `json:"rows"` // by table
	Faults  []string       `json:"faults,omitempty"`
}

// Purger purges over one store.
type Purger struct {
	store   *store.Store
	reports *reports.Loader
}

// New makes a purger.
func New(s *store.Store) *Purger { return &Purger{store: s, reports: reports.NewLoader(s)} }

// plan is who may go, from the settings.
type plan struct {
	days, longest int
	hold          bool
	faults        []string
	never         []string // organisations that keep all they hold
	longer        []string // organisations that keep them until the longest schedule is over
}

// Purge takes the persons of a program out whose time is over, some at a time, each
// time in one transaction with the counts that stay; with dry it counts them and
// changes nothing. A setting that cannot be read stops it: what was meant is unknown.
func (p *Purger) Purge(ctx context.Context, program models.Program, dry bool) (Outcome, error) {
	out := Outcome{Program: program.ID, Dry: dry, Rows: map[string]int{}}
	for pass := range passes {
		after := ""
		for round := 0; ; round++ {
			if round == maxRounds {
				return out, fmt.Errorf("purge: more than %d rounds", maxRounds)
			}
			last, err := p.round(ctx, program, pass, after, &out)
			if err != nil {
				return out, err
			}
			if after = last; last == "" {
				break
			}
		}
	}
	if dry || out.Persons == 0 {
		return out, nil
	}
	if err := p.store.EmptyLog(ctx); errors.Is(err, store.ErrLogInUse) {
		slog.Warn("purge: "+err.Error(), "program", program.ID)
	} else if err != nil {
		return out, err
	}
	return out, nil
}

// round takes the next persons out, and answers the last of them; "" when none is left.
func (p *Purger) round(ctx context.Context, program models.Program, pass int, after string, out *Outcome) (last string, err error) {
	var persons []string
	var counts map[string]int
	err = store.InProgram(ctx, p.store, program.No, func(tx *store.ProgramTx) error {
		plan, err := planOf(tx)
		if err != nil {
			return err
		}
		out.Days, out.Hold, out.Kept, out.Faults = plan.days, plan.hold, len(plan.never)+len(plan.longer), plan.faults
		var before time.Time
		if persons, before, err = plan.pick(tx, pass, after); err != nil || len(persons) == 0 {
			return err
		}
		counts, err = p.take(ctx, tx, persons, before, out.Dry)
		return err
	})
	if err != nil || len(persons) == 0 {
		return "", err
	}
	out.add(len(persons), counts)
	return persons[len(persons)-1], nil
}

func (o *Outcome) add(persons int, rows map[string]int) {
	o.Persons += persons
	for table, n := range rows {
		o.Rows[table] += n
	}
}

// take erases persons, or counts what would be erased.
func (p *Purger) take(ctx context.Context, tx *store.ProgramTx, persons []string, before time.Time, dry bool) (map[string]int, error) {
	if dry {
		return tx.Erasable(persons)
	}
	left, err := p.reports.LeftBehind(ctx, tx.Program, persons)
	if err != nil {
		return nil, err
	}
	purge := store.Purge{ID: models.NewID(), Before: before, Persons: persons, Left: left}
	counts, err := tx.Erase(purge)
	if err != nil {
		return nil, err
	}
	detail, err := json.Marshal(map[string]any{"purge": purge.ID, "persons": persons, "rows": counts})
	if err != nil {
		return nil, fmt.Errorf("write audit: %w", err)
	}
	return counts, tx.Audit(store.AuditEntry{Action: actionName, Detail: detail})
}

// planOf reads schedule and holds.
func planOf(tx *store.ProgramTx) (plan, error) {
	rows, err := tx.Settings("retention_days", "legal_hold")
	if err != nil {
		return plan{}, err
	}
	var out plan
	note := func(faults []cadence.Fault) {
		for _, f := range faults {
			out.faults = append(out.faults, f.Error())
		}
	}
	whole, faults := cadence.Parse(rows[""], nil)
	note(faults)
	out.days, out.longest, out.hold = whole.RetentionDays, whole.RetentionDays, whole.LegalHold
	for org, own := range rows {
		if org == "" {
			continue
		}
		s, faults := cadence.Parse(rows[""], own)
		note(faults)
		switch {
		case s.LegalHold || s.RetentionDays == 0:
			out.never = append(out.never, org)
		case s.RetentionDays > out.days:
			out.longer = append(out.longer, org)
			out.longest = max(out.longest, s.RetentionDays)
		}
	}
	return out, nil
}

// pick lists the next persons to go: first those whom no organisation keeps longer,
// then those whom one does, when even the longest schedule is over, then those whose
// own row was deleted.
func (p plan) pick(tx *store.ProgramTx, pass int, after string) ([]string, time.Time, error) {
	if p.days == 0 || p.hold || len(p.faults) > 0 {
		return nil, time.Time{}, nil
	}
	before := tx.Now.AddDate(0, 0, -p.days)
	kept := append(append([]string{}, p.never...), p.longer...)
	switch pass {
	case 0:
		list, err := tx.Ended(before, nil, kept, after, perPurge)
		return list, before, err
	case 2:
		list, err := tx.Deleted(before, kept, after, perPurge)
		return list, before, err
	}
	before = tx.Now.AddDate(0, 0, -p.longest)
	if len(p.longer) == 0 {
		return nil, before, nil
	}
	list, err := tx.Ended(before, p.longer, p.never, after, perPurge)
	return list, before, err
}
