package models

import (
	"strings"
	"time"
)

// Forever is the end of an interval that has not ended.
const Forever = int64(1<<63 - 1)

// Grant says that a principal (a user or an organisation) holds a bucket from
// Granted on, until Revoked. Several grants of one bucket to one principal stand
// side by side, one for each reason in Source.
type Grant struct {
	Bucket    string
	Principal string
	Source    string
	Granted   int64
	Revoked   int64 // Forever while it stands
	GrantedAt time.Time
	RevokedAt time.Time // zero while it stands
}

// Live tells whether the grant stands.
func (g Grant) Live() bool { return g.Revoked == Forever }

// The sources of grants.
const (
	SourceCreator    = "creator"     // inserted the row
	SourceAssignment = "assignment:" // + assignment id
	SourceService    = "service:"    // + service id
	SourceQuarantine = "quarantine"
)

// FromAssignment tells whether the grant follows from an assignment.
func (g Grant) FromAssignment() bool { return strings.HasPrefix(g.Source, SourceAssignment) }

// Membership says that a user counted as a member of an organisation with a role
// in the interval [From, To) of the program's sequence.
type Membership struct {
	UserID string
	OrgID  string
	Role   Role
	From   int64
	To     int64 // Forever while it stands
	FromAt time.Time
	ToAt   time.Time // zero while it stands
}
