package models

import (
	"github.com/google/uuid"
)

// NewID makes a version 7 UUID: lower-case text that sorts by time of making.
func NewID() string {
	id, err := uuid.NewV7()
	if err != nil { // the system's random source failed; version 4 reads the same source and panics
		return uuid.NewString()
	}
	return id.String()
}

// ValidID tells whether s is lower-case UUID text of 36 characters, any version.
func ValidID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// StaffID is the id of the staff row of a user in an organisation: a name-based
// UUID, so that a user who comes back to an organisation gets the same row again.
func StaffID(userID, orgID string) string {
	ns, err := uuid.Parse(orgID)
	if err != nil {
		ns = uuid.NameSpaceOID
	}
	return uuid.NewSHA1(ns, []byte("staff/"+userID)).String()
}

// DerivedID is a name-based UUID below a parent id, for rows that the server makes
// because of another row: making it twice makes the same row.
func DerivedID(parent, name string) string {
	ns, err := uuid.Parse(parent)
	if err != nil {
		ns = uuid.NameSpaceOID
	}
	return uuid.NewSHA1(ns, []byte(name)).String()
}
