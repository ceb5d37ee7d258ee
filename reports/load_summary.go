package reports

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// Years that a summary may be asked for: before the first there were no such
// programmes, and the last keeps dates within four digits.
const (
	FirstYear = 1990
	LastYear  = 2999
)

// summaryScope is what a role's summary is rebuilt from: a director's and a
// partner's from the program, a supervisor's from their organisation. Of law
// enforcement, partners alone have one.
// Source: docs/domain.md, section 4.
func summaryScope(who models.Actor) (org string, err error) {
	switch {
	case who.Role == models.RoleReferralPartner: // totals alone, small counts withheld
		return "", nil
	case who.OrgKind == models.OrgLawEnforcement:
	case who.Role == models.RoleSupervisor:
		return who.OrgID, nil
	case who.Role == models.RoleDirector:
		return "", nil
	}
	return "", forbidden()
}

// Summary rebuilds the summary of a year as of the end of a date (unset: of today)
// in the program's zone. A referral partner gets what PartnerTotals leaves, and it is
// recorded that they did. Errors: forbidden for other roles.
func (l *Loader) Summary(ctx context.Context, who models.Actor, year int, asOf Date) (Summary, error) {
	s, _, err := l.summaryAt(ctx, who, year, asOf)
	if err == nil && who.Role == models.RoleReferralPartner {
		return l.release(ctx, who.Program, s)
	}
	return s, err
}

// summaryAt is Summary with the sequence number that it was read at.
func (l *Loader) summaryAt(ctx context.Context, who models.Actor, year int, asOf Date) (s Summary, seq int64, err error) {
	org, err := summaryScope(who)
	if err != nil {
		return s, 0, err
	}
	zone, err := time.LoadLocation(who.TimeZone)
	if err != nil {
		return s, 0, fmt.Errorf("load the program's time zone: %w", err)
	}
	err = l.snapshot(ctx, func(r *store.Reading) error {
		if asOf.IsZero() {
			asOf = DateOf(r.Now, zone)
		}
		if seq, err = r.Seq(who.Program); err != nil {
			return err
		}
		s, err = summarize(r, who.Program, org, year, asOf, zone)
		return err
	})
	return s, seq, err
}

// summarize rebuilds a summary within a reading.
func summarize(r *store.Reading, program int32, org string, year int, asOf Date, zone *time.Location) (Summary, error) {
	var year12 [months]monthCount
	c := cohorts{year: year, asOf: asOf, zone: zone, months: &year12}
	whole := store.SummaryScope{Program: program, Org: org,
		From: NewDate(year, time.January, 1).String(), To: earlier(asOf, NewDate(year, time.December, 31)).String()}
	strays, err := r.StrayServices(whole)
	if err != nil {
		return Summary{}, err
	}
	if err := c.readMonths(r, whole); err != nil {
		return Summary{}, err
	}
	if err := c.readIncidents(r, program); err != nil {
		return Summary{}, err
	}
	kept, err := r.PurgedCounts(program, org, year)
	if err != nil {
		return Summary{}, err
	}
	purged := make([]Purged, len(kept))
	for i, text := range kept {
		if err := json.Unmarshal(text, &purged[i]); err != nil {
			return Summary{}, fmt.Errorf("read what a purge left: %w", err)
		}
	}
	return summaryOf(year12, strays, purged, year, asOf), nil
}

// readMonths counts the year's records. Nothing of a referral or an assessment reaches
// beyond its month, so one month of them is held at a time; meetings do, and are few.
func (c *cohorts) readMonths(r *store.Reading, whole store.SummaryScope) error {
	for month := time.January; month <= time.December; month++ {
		first := NewDate(c.year, month, 1)
		if first.After(c.asOf) {
			break
		}
		scope := whole
		scope.From, scope.To = first.String(), earlier(c.asOf, NewDate(c.year, month+1, 0)).String()
		records := Records{StatusEvents: map[string][]StatusEvent{}}
		for _, read := range []reader{records.readReferrals, records.readServices, records.readEvents, records.readAssessments} {
			if err := read(r, scope); err != nil {
				return err
			}
		}
		c.assessments(records.Assessments)
		c.referrals(records.Referrals, records.Services, records.StatusEvents)
	}
	var records Records
	if err := records.readProgramEvents(r, whole); err != nil {
		return err
	}
	c.programEvents(records.ProgramEvents)
	return nil
}

func (c *cohorts) readIncidents(r *store.Reading, program int32) error {
	list, err := r.Incidents(program, c.year)
	if err != nil {
		return err
	}
	for _, i := range list {
		c.incidents([]Incident{{Year: i.Year, Month: i.Month,
			InjuryFatalShootings: wholeNumber(i.InjuryFatalShootings), ShootingIncidents: wholeNumber(i.ShootingIncidents)}})
	}
	return nil
}

func wholeNumber(n *int64) *int {
	if n == nil {
		return nil
	}
	small := int(*n)
	return &small
}

// reader reads one kind of records.
type reader func(*store.Reading, store.SummaryScope) error

// recordsOf reads everything a summary is rebuilt from but the incident counts.
func recordsOf(r *store.Reading, c store.SummaryScope) (Records, error) {
	out := Records{StatusEvents: map[string][]StatusEvent{}}
	for _, read := range []reader{out.readReferrals, out.readServices, out.readEvents, out.readAssessments, out.readProgramEvents} {
		if err := read(r, c); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (out *Records) readReferrals(r *store.Reading, c store.SummaryScope) error {
	list, err := r.Referrals(c)
	for _, x := range list {
		on, bad := storedDate(x.ReferredOn, "referrals", x.ID)
		if bad != nil {
			return bad
		}
		out.Referrals = append(out.Referrals, Referral{ID: x.ID, PersonID: x.PersonID, Source: x.Source, ReferredOn: on, CreatedAt: x.CreatedAt})
	}
	return err
}

func (out *Records) readServices(r *store.Reading, c store.SummaryScope) error {
	list, err := r.SummaryServices(c)
	for _, x := range list {
		s, bad := serviceOf(x)
		if bad != nil {
			return bad
		}
		out.Services = append(out.Services, s)
	}
	return err
}

func (out *Records) readEvents(r *store.Reading, c store.SummaryScope) error {
	byService, err := r.SummaryEvents(c)
	for id, list := range byService {
		events, bad := eventsOf(list)
		if bad != nil {
			return bad
		}
		out.StatusEvents[id] = events
	}
	return err
}

func (out *Records) readAssessments(r *store.Reading, c store.SummaryScope) error {
	list, err := r.Assessments(c)
	for _, x := range list {
		on, bad := storedDate(x.ShootingReviewOn, "assessments", x.ID)
		if bad != nil {
			return bad
		}
		out.Assessments = append(out.Assessments, Assessment{ID: x.ID, PersonID: x.PersonID, ShootingReviewOn: on, Disposition: x.Disposition})
	}
	return err
}

func (out *Records) readProgramEvents(r *store.Reading, c store.SummaryScope) error {
	list, err := r.ProgramEvents(c)
	for _, x := range list {
		on, bad := storedDate(x.On, "program_events", x.ID)
		if bad != nil {
			return bad
		}
		out.ProgramEvents = append(out.ProgramEvents, ProgramEvent{ID: x.ID, PersonID: x.PersonID, Kind: x.Kind, On: on, MeetingID: x.MeetingID})
	}
	return err
}

// MaxIncidents bounds one month's count, so that a slip of the finger is seen.
const MaxIncidents = 100_000

// Entered is a count as somebody enters it: nil is "not known", and one that was not sent
// stays as it stands.
type Entered struct {
	Sent  bool
	Count *int64
}

// PutIncidentCount stores the shootings of one month, in place of what stood there, and
// answers what stands then. For admins and directors.
func (l *Loader) PutIncidentCount(ctx context.Context, who models.Actor, year, month int, injuryFatal, incidents Entered) (store.IncidentCount, error) {
	if who.Role != models.RoleAdmin && who.Role != models.RoleDirector {
		return store.IncidentCount{}, models.Forbidden("Admins and directors enter incident counts.")
	}
	return l.store.PatchIncidentCount(ctx, store.IncidentCount{Program: who.Program, Year: year, Month: month,
		InjuryFatalShootings: injuryFatal.Count, ShootingIncidents: incidents.Count, By: who.UserID}, injuryFatal.Sent, incidents.Sent)
}
