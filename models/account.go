package models

import "time"

// Program is a tenant: one Ceasefire-style programme with its own sequence.
type Program struct {
	No        int32  // the store's number; the first part of every key
	ID        string // UUID; also the id of the program's bucket
	Name      string
	TimeZone  string // IANA name; weeks, months and business days are counted in it
	CreatedAt time.Time
}

// Org is an organisation of a program. Its id is also the id of its bucket.
type Org struct {
	Program   int32
	ID        string
	Name      string
	Kind      OrgKind
	CreatedAt time.Time
}

// User is a person who signs in.
type User struct {
	Program      int32
	ID           string
	OrgID        string
	Email        string // as it was given; unique on a server without regard to case
	Name         string
	Role         Role
	PasswordHash string // argon2id, encoded with its parameters; empty = cannot sign in
	Locale       string // BCP 47, "en" when not given
	TimeZone     string // IANA name; empty = the program's
	QuietStart   string // "20:00"
	QuietEnd     string // "08:00"
	Active       bool
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// DeviceStatus is where a device stands between signed in and erased.
type DeviceStatus string

// The states of a device.
const (
	DeviceActive      DeviceStatus = "active"
	DeviceRevoked     DeviceStatus = "revoked"
	DeviceWipePending DeviceStatus = "wipe_pending"
	DeviceWiped       DeviceStatus = "wiped"
)

// Device is one phone, tablet or browser of one user. The id is the client's own;
// the key is (program, user, id), for a shared phone has a device of each user.
type Device struct {
	Program    int32
	UserID     string
	ID         string
	Name       string
	Platform   string
	AppVersion string
	Status     DeviceStatus
	PushToken  string // FCM registration token; empty = none
	LastSyncAt time.Time
	CreatedAt  time.Time
}
