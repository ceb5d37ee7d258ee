package reports

import "time"

// The structs below are rows of the typed tables, reduced to the columns that counting reads;
// a zero time or Date is a null. Deleted is the row's tombstone mark.
// Source: docs/domain.md, section 2.

// Attempt is a row of contact_attempts.
type Attempt struct {
	ID           string
	ServiceID    string
	WorkerID     string // its author, whoever holds the service now
	Channel      string
	Outcome      string
	OccurredAt   time.Time
	RecordedAt   time.Time
	ReceivedAt   time.Time
	ClockSuspect bool
	Deleted      bool
}

// Service is a row of services, with its person's code and its referral's date beside it.
type Service struct {
	ID         string
	ReferralID string
	PersonID   string
	PersonCode string
	ReferredOn Date // of its referral; the date of created_at when the referral is unknown
	Track      string
	OrgID      string
	Status     string
	StatusOn   Date
	CreatedAt  time.Time
	Deleted    bool
}

// StatusEvent is a row of status_events.
type StatusEvent struct {
	ID        string
	ServiceID string
	V         int64 // the seq it was written with: the order of recording
	From      string
	To        string
	On        Date
	CreatedAt time.Time
}

// Assignment is a row of assignments.
type Assignment struct {
	ID        string
	ServiceID string
	UserID    string
	Role      string
	StartedAt time.Time
	EndedAt   time.Time // zero while it lasts
	Deleted   bool
}

// Worker is a user who may appear in the worker table. LastSyncAt is the latest sync of any
// of their devices, zero when there was none.
type Worker struct {
	UserID     string
	OrgID      string
	Name       string // left empty for readers who may see no names
	LastSyncAt time.Time
}

// Case is one service with all that decides when it was pursued, and by whom.
type Case struct {
	Service     Service
	Events      []StatusEvent
	Assignments []Assignment
}

// Referral is a row of referrals.
type Referral struct {
	ID         string
	PersonID   string
	Source     string
	ReferredOn Date
	CreatedAt  time.Time
	Deleted    bool
}

// Assessment is a row of assessments.
type Assessment struct {
	ID               string
	PersonID         string
	ShootingReviewOn Date
	Disposition      string
	Deleted          bool
}

// ProgramEvent is a row of program_events.
type ProgramEvent struct {
	ID        string
	PersonID  string
	Kind      string
	On        Date
	MeetingID string
	Deleted   bool
}

// Incident is one month's aggregate of shootings, written by hand; nil is "not entered".
type Incident struct {
	Year                 int
	Month                int
	InjuryFatalShootings *int
	ShootingIncidents    *int
}
