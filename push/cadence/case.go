package cadence

import "time"

// Roles that a reminder can be told to, in the order of escalation.
const (
	RoleWorker      = "outreach_worker"
	RoleCaseManager = "case_manager"
	RoleSupervisor  = "supervisor"
)

// roleOfStep gives who is told at an escalation step.
func roleOfStep(step int) string {
	return [Steps]string{RoleWorker, RoleCaseManager, RoleSupervisor}[step]
}

// Case is what must be known of one service to judge its reminders. Times are
// instants as the server stores them (corrected, milliseconds); order is free.
type Case struct {
	ServiceID string
	Track     string
	// OpenedAt is when the service was created; it is pursued from then on.
	OpenedAt time.Time
	// Zone is the program's time zone; nil is UTC.
	Zone *time.Location
	// ShortTermEndsOn is the service's short_term_ends_on, if it has one.
	ShortTermEndsOn Date
	Assignments     []Assignment
	// Supervisors are the active supervisors of the service's organisation. The first
	// is the one told: give them in a stable order.
	Supervisors []string
	Attempts    []Attempt
	History     []StatusChange
	// Items are action items to be reminded of through this service. An item belongs
	// to a person: give it to one service of theirs that its owner holds.
	Items    []ActionItem
	Settings Settings
}

// Assignment is one user's time on the service. Ended is zero while it lives.
type Assignment struct {
	UserID  string
	Role    string
	Started time.Time
	Ended   time.Time
	// Inactive marks a user who can no longer sign in: nobody to be told.
	Inactive bool
}

// Attempt is one contact attempt, deleted and suspect ones included.
type Attempt struct {
	ID         string
	WorkerID   string
	Channel    string
	Outcome    string
	OccurredAt time.Time
	// RecordedAt decides which of several duplicated taps is the first.
	RecordedAt time.Time
	// ReceivedAt is when the server got it; a probation-officer exception falls due then.
	ReceivedAt      time.Time
	Deleted         bool
	ClockSuspect    bool
	PolicyException bool
}

// StatusChange is one row of the service's status history.
type StatusChange struct {
	From, To string
	At       time.Time
}

// ActionItem is a dated task of the weekly coordination meeting. OwnerID may be
// empty; DoneOn is zero while it is open. One without DueOn is never reminded of.
type ActionItem struct {
	ID            string
	OwnerID       string
	DueOn, DoneOn Date
}

// Existing is a reminder row that was raised earlier, whatever its state now.
type Existing struct {
	Key    Key
	UserID string
	DueAt  time.Time
	State  string
	// Sent tells that its push went out.
	Sent bool
}

// open tells whether the row still asks something of somebody.
func (e Existing) open() bool { return e.State == StatePending || e.State == StateSnoozed }

const (
	statusPursuing   = "pursuing"
	statusSLOEngaged = "slo_engaged"
	statusShortTerm  = "short_term"
)

// inPursuit tells the statuses in which effort is asked for: the same ones in which
// attempts count (docs/domain.md, section 3).
func inPursuit(status string) bool {
	return status == statusPursuing || status == statusSLOEngaged
}

const channelInPerson = "in_person_visit"

// reached tells whether an outcome means that the individual was reached.
func reached(outcome string) bool {
	switch outcome {
	case "replied", "spoke", "met", "meeting_set", "accepted", "refused":
		return true
	}
	return false
}
