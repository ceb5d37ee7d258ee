package reports

import (
	"maps"
	"time"
)

// ServiceFigures is the intensity of effort of one service, beside its outcome.
type ServiceFigures struct {
	ServiceID  string     `json:"service_id"`
	PersonCode OptionalID `json:"person_code" doc:"Null for readers who see no names"`
	Track      string     `json:"track"`
	OrgID      string     `json:"org_id"`
	Status     string     `json:"status" doc:"As of the report's as_of"`
	WorkerID   OptionalID `json:"worker_id" doc:"Who holds the service as outreach worker; null when nobody does"`
	ReferredOn Date       `json:"referred_on"`
	Effort
	ChannelsEver         int      `json:"channels_ever"`
	LadderCoverage       float64  `json:"ladder_coverage" doc:"Rungs ever tried ÷ 6; the probation officer is none"`
	NeverAttempted       bool     `json:"never_attempted"`
	FirstAttemptAt       *Instant `json:"first_attempt_at"`
	LastAttemptAt        *Instant `json:"last_attempt_at"`
	DaysSinceLastAttempt *float64 `json:"days_since_last_attempt" doc:"Never tried: since the first assignment"`
	LongestGapDays       *float64 `json:"longest_gap_days"`
	HoursToFirstAttempt  *float64 `json:"hours_to_first_attempt" doc:"From the first assignment; 0 when tried before it"`
	DaysToFirstContact   *int     `json:"days_to_first_contact" doc:"From referred_on"`
	DaysToEngagement     *int     `json:"days_to_engagement" doc:"From referred_on"`
	DaysToEnrollment     *int     `json:"days_to_enrollment" doc:"From referred_on"`
	LastSyncAt           *Instant `json:"last_sync_at" doc:"Of the worker who holds the service"`
	Stale                bool     `json:"stale" doc:"That worker's devices were silent for more than 72 hours"`
}

// ServiceCount counts one service. Feed it every attempt of the service with Add, in order of
// occurred_at, then call Finish once.
type ServiceCount struct {
	of      *Intensity
	c       Case
	pursuit pursuit
	sieve   sieve
	gaps    gaps
	tally   tally

	assignedAt  time.Time // first assignment, zero when there is none
	first, last time.Time
	contactOn   Date            // first that reached the individual
	ever        map[string]bool // channels
}

// Add takes the next attempt; deleted and suspect ones may be fed and do not count. It fails
// when the attempt is of another service or out of order, and the count is void then.
func (s *ServiceCount) Add(a Attempt) error { return s.sieve.add(a) }

// count takes an attempt that counts.
func (s *ServiceCount) count(t tap) {
	if s.first.IsZero() {
		s.first = t.OccurredAt
	}
	s.last = t.OccurredAt
	s.gaps.attempt(t)
	if s.contactOn.IsZero() && reached(t.Outcome) {
		s.contactOn = t.day
	}
	if s.ever == nil {
		s.ever = make(map[string]bool, rungs+1)
	}
	s.ever[t.Channel] = true
	s.of.attempted(t)
	if s.of.window.span().holds(t.day) {
		s.tally.add(t.Attempt)
		s.of.counted(t)
	}
}

// Finish closes the service, adds it to the worker table and the program's figures, and
// returns its own.
func (s *ServiceCount) Finish() ServiceFigures {
	s.sieve.flush()
	w := s.of.window
	f := ServiceFigures{
		ServiceID: s.c.Service.ID, PersonCode: OptionalID(s.c.Service.PersonCode), Track: s.c.Service.Track,
		OrgID: s.c.Service.OrgID, Status: s.pursuit.status, ReferredOn: s.pursuit.start,
		Effort:         s.tally.effort(overlapDays(s.pursuit.spells, []span{w.span()})),
		ChannelsEver:   len(s.ever),
		LadderCoverage: *ratio(s.rungsTried(), rungs),
		NeverAttempted: s.first.IsZero(),
		FirstAttemptAt: moment(s.first), LastAttemptAt: moment(s.last),
		LongestGapDays: s.gaps.finish(),
	}
	s.since(&f)
	f.DaysToFirstContact = s.daysTo(s.contactOn)
	f.DaysToEngagement = s.daysTo(s.pursuit.engagedOn)
	f.DaysToEnrollment = s.daysTo(s.pursuit.enrolledOn)
	holder := holderAt(s.c.Assignments, w.AsOf)
	f.WorkerID = OptionalID(holder)
	if holder != "" {
		f.LastSyncAt, f.Stale = s.of.silence(holder)
	}
	s.of.finished(s, f)
	return f
}

// since fills the figures that start from an assignment or the last attempt.
func (s *ServiceCount) since(f *ServiceFigures) {
	asOf := s.of.window.AsOf
	switch {
	case !s.last.IsZero():
		f.DaysSinceLastAttempt = days(asOf.Sub(s.last))
	case !s.assignedAt.IsZero():
		f.DaysSinceLastAttempt = days(asOf.Sub(s.assignedAt))
	}
	if !s.first.IsZero() && !s.assignedAt.IsZero() {
		f.HoursToFirstAttempt = decimals(max(0, s.first.Sub(s.assignedAt).Hours()), 2)
	}
}

func (s *ServiceCount) rungsTried() int {
	tried := 0
	for channel := range maps.Keys(s.ever) {
		if isRung(channel) {
			tried++
		}
	}
	return tried
}

func (s *ServiceCount) daysTo(on Date) *int {
	if on.IsZero() {
		return nil
	}
	n := max(0, on.Sub(s.pursuit.start))
	return &n
}
