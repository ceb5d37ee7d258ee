package demo

import (
	"fmt"
	"time"
	_ "time/tzdata" // the plan must build where the system has no time zones

	"pursuit/models"
)

// TimeZone is the program's time zone: its weeks, months and working hours.
const TimeZone = "America/Los_Angeles"

// Password signs in every user of the demo.
const Password = "relentless-pursuit-2024"

// SeenAll is the base of every patch in the plan: the author has seen all that was
// there before, so nothing they change is in conflict. A feeder that knows the row's
// `_v` may put that in its place; the outcome is the same.
const SeenAll int64 = 1<<53 - 1 // the largest whole number that JSON readers agree on

// MaxPush is the largest number of mutations in one step: one page of a phone's outbox.
const MaxPush = 200

// Plan is a whole demonstration program: who is in it, the public counts, and what
// its people wrote in the year, in order of time.
type Plan struct {
	Program   Program
	Orgs      []Org
	Users     []User
	Incidents []Incident
	Steps     []Step
}

// Program is the tenant to make first.
type Program struct {
	ID        string
	Name      string
	TimeZone  string
	CreatedAt time.Time // before every step
}

// Org is an organisation; the first one of a plan is the lead organisation.
type Org struct {
	ID   string
	Name string
	Kind models.OrgKind
}

// User is somebody who signs in, with their password in plain text.
type User struct {
	ID       string
	OrgID    string
	Email    string
	Name     string
	Role     models.Role
	Password string
}

// Incident is what the police report of one month: counts, never people.
type Incident struct {
	Year, Month          int
	ShootingIncidents    int
	InjuryFatalShootings int
}

// Step is one push of one user: what they had in their outbox when they synced.
//
// The engine's clock is to stand at At, which is no earlier than the `at` of any of
// the mutations. Each one is valid for its author at that time, and applies.
type Step struct {
	At     time.Time // UTC
	Author string    // user id
	Push   []models.Mutation
}

// SignIns picks one user of each role, in the order of models.Roles: the sign-ins
// that a newcomer is shown. Field roles come from the same service provider.
func (p Plan) SignIns() []User {
	var picked []User
	for _, role := range models.Roles {
		for _, user := range p.Users {
			if user.Role == role && !(role.HoldsCases() && user.OrgID == p.Orgs[0].ID) {
				picked = append(picked, user)
				break
			}
		}
	}
	return picked
}

// Build writes the plan. It is deterministic, takes well under a second, and fails
// only when the embedded figures contradict themselves.
func Build() (Plan, error) {
	months, err := Published()
	if err != nil {
		return Plan{}, err
	}
	zone, err := time.LoadLocation(TimeZone)
	if err != nil {
		return Plan{}, fmt.Errorf("load the program's time zone: %w", err)
	}
	b := newBuilder(calendar{zone})
	for _, month := range months {
		drafts, err := cohortOf(month)
		if err != nil {
			return Plan{}, fmt.Errorf("deal out month %d: %w", month.Month, err)
		}
		b.openMonth(month.Month, drafts)
	}
	b.work()
	if err := b.meet(months); err != nil {
		return Plan{}, err
	}
	steps, err := b.journal.steps()
	if err != nil {
		return Plan{}, err
	}
	return Plan{Program: b.cast.program, Orgs: b.cast.orgs, Users: b.cast.users,
		Incidents: incidents(months), Steps: steps}, nil
}

func incidents(months []Month) []Incident {
	counts := make([]Incident, len(months))
	for i, m := range months {
		counts[i] = Incident{Year: Year, Month: m.Month, ShootingIncidents: m.ShootingIncidents,
			InjuryFatalShootings: m.InjuryFatalShootings}
	}
	return counts
}
