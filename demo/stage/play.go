package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"pursuit/demo"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/sync"
)

// faultsShown bounds the mutations that the error of a failed play names.
const faultsShown = 10

// Play writes a plan into the database at url, which must hold no program yet.
// Every user signs in with the password of the hash.
//
// The database is migrated. Play opens it for itself, with a clock that stands at
// the program's beginning, so that the clock of whoever serves it is left alone.
func Play(ctx context.Context, url string, plan demo.Plan, passwordHash string) error {
	beginning := func() time.Time { return models.Millis(plan.Program.CreatedAt) }
	st, err := store.Open(ctx, store.Config{URL: url, Clock: beginning})
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer st.Close()
	if err := empty(ctx, st); err != nil {
		return err
	}
	engine, err := sync.New(ctx, st, slog.Default())
	if err != nil {
		return err
	}
	cast, program, err := enter(ctx, engine, plan, passwordHash)
	if err != nil {
		return err
	}
	if err := report(ctx, st, program, plan); err != nil {
		return err
	}
	return perform(ctx, engine, program, plan.Steps, cast)
}

// report enters the public counts of each month, as an admin of the program.
func report(ctx context.Context, st *store.Store, program int32, plan demo.Plan) error {
	admin := ""
	for _, u := range plan.Users {
		if u.Role == models.RoleAdmin {
			admin = u.ID
		}
	}
	for _, i := range plan.Incidents {
		injuries, shootings := int64(i.InjuryFatalShootings), int64(i.ShootingIncidents)
		err := st.PutIncidentCount(ctx, store.IncidentCount{Program: program, Year: i.Year, Month: i.Month,
			InjuryFatalShootings: &injuries, ShootingIncidents: &shootings, By: admin})
		if err != nil {
			return fmt.Errorf("enter the counts of month %d: %w", i.Month, err)
		}
	}
	return nil
}

// empty holds that a plan is played on a database without a program.
func empty(ctx context.Context, st *store.Store) error {
	programs, err := st.Programs(ctx)
	if err == nil && len(programs) > 0 {
		err = errors.New("the demo wants a database without a program")
	}
	return err
}

// enter makes the program with its organisations and users. It answers the users as
// actors by id, and the program's number.
func enter(ctx context.Context, engine *sync.Engine, plan demo.Plan, passwordHash string) (map[string]models.Actor, int32, error) {
	p, err := store.In(ctx, engine.Store(), func(tx *store.Tx) (models.Program, error) {
		return tx.NewProgram(models.Program{ID: plan.Program.ID, Name: plan.Program.Name, TimeZone: plan.Program.TimeZone})
	})
	if err != nil {
		return nil, 0, err
	}
	server := models.Actor{Program: p.No, ProgramID: p.ID, TimeZone: p.TimeZone, Role: models.RoleAdmin}
	kinds := map[string]models.OrgKind{}
	for _, o := range plan.Orgs {
		if _, err := engine.CreateOrg(ctx, server, models.Org{ID: o.ID, Name: o.Name, Kind: o.Kind}); err != nil {
			return nil, 0, fmt.Errorf("make organisation %s: %w", o.ID, err)
		}
		kinds[o.ID] = o.Kind
	}
	cast := make(map[string]models.Actor, len(plan.Users))
	for _, u := range plan.Users {
		_, err := engine.CreateUser(ctx, server, models.User{ID: u.ID, OrgID: u.OrgID, Email: u.Email, Name: u.Name,
			Role: u.Role, PasswordHash: passwordHash, Locale: "en", Active: true})
		if err != nil {
			return nil, 0, fmt.Errorf("make user %s: %w", u.ID, err)
		}
		who := server
		who.UserID, who.OrgID, who.OrgKind, who.Role = u.ID, u.OrgID, kinds[u.OrgID], u.Role
		cast[u.ID] = who
	}
	return cast, p.No, nil
}

// perform pushes the steps in order.
func perform(ctx context.Context, engine *sync.Engine, program int32, steps []demo.Step, cast map[string]models.Actor) error {
	pushes := make([]sync.PastPush, len(steps))
	for i, step := range steps {
		items := make([]sync.Item, len(step.Push))
		for n, m := range step.Push {
			items[n].Mutation = m
		}
		pushes[i] = sync.PastPush{At: step.At, Who: cast[step.Author], Items: items}
	}
	results, err := engine.PushPast(ctx, program, pushes)
	if err != nil {
		return fmt.Errorf("push the plan: %w", err)
	}
	return applied(steps, results)
}

// applied tells which mutations were not applied: a plan and an engine that do not
// agree are a fault of one of them.
func applied(steps []demo.Step, results [][]models.Result) error {
	var faults []string
	for i, list := range results {
		for n, r := range list {
			if r.Status == models.StatusApplied && !r.Duplicate {
				continue
			}
			m := steps[i].Push[n]
			faults = append(faults, fmt.Sprintf("%s of %s %s (mutation %s): %s %s %s", m.Op, m.Table, m.Row, m.ID, r.Status, r.Code, r.Field))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	shown := faults[:min(len(faults), faultsShown)]
	return fmt.Errorf("%d mutations of the plan were not applied:\n%s", len(faults), strings.Join(shown, "\n"))
}
