package models

import "time"

// SessionEnd is why a session ended; empty while it lives.
type SessionEnd string

// The reasons.
const (
	EndLogout   SessionEnd = "logout"
	EndReuse    SessionEnd = "reuse"    // a spent refresh token came back
	EndUser     SessionEnd = "user"     // the user was deactivated
	EndPassword SessionEnd = "password" // the password was changed elsewhere
)

// Session is one sign-in on one device: a family of refresh tokens. Only the
// generation is kept, never a token (docs/protocol.md, section 3).
type Session struct {
	Program    int32
	ID         string
	UserID     string
	DeviceID   string
	Generation int64     // of the refresh token that is good now; each refresh adds one
	UsedAt     time.Time // of the last sign-in or refresh; 90 days later the session is over
	CreatedAt  time.Time
	End        SessionEnd
}

// SessionState is what a request of a session must be checked against.
type SessionState struct {
	Session
	Actor      Actor
	UserActive bool
	Device     DeviceStatus
}
