package scope

import (
	"time"

	"pursuit/models"
)

// Counts tells whether a grant counts for a member of the organisation with the
// role: their own grants for those who work cases, the organisation's for those
// who supervise it.
func Counts(g models.Grant, user string, m models.Membership) bool {
	return (g.Principal == user && m.Role.HoldsCases()) || (g.Principal == m.OrgID && m.Role.HoldsOrganisation())
}

// Access is what a person may do with a bucket now.
type Access struct {
	Now  bool           // holds it
	Past []models.Grant // once counted for them and ended
}

// Ever tells whether the person holds or held the bucket.
func (a Access) Ever() bool { return a.Now || len(a.Past) > 0 }

// HeldAt tells whether the person held the bucket at a moment in the past.
func (a Access) HeldAt(t time.Time) bool {
	for _, g := range a.Past {
		if !t.Before(g.GrantedAt) && t.Before(g.RevokedAt) {
			return true
		}
	}
	return false
}

// AccessTo computes a writer's access to a bucket from the bucket's grants. A
// referral partner's own grants count for writing, though never for reading.
func AccessTo(who models.Actor, grants []models.Grant) Access {
	var a Access
	m := models.Membership{OrgID: who.OrgID, Role: who.Role}
	for _, g := range grants {
		counts := Counts(g, who.UserID, m) || (g.Principal == who.UserID && who.Role == models.RoleReferralPartner)
		switch {
		case counts && g.Live():
			a.Now = true
		case g.Principal == who.UserID && !g.Live(), counts:
			a.Past = append(a.Past, g)
		}
	}
	return a
}
