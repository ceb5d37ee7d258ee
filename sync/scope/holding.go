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
// referral partner's own grants count for writing, though never for reading. past
// gives the writer's memberships, ended ones included; it is asked only when they
// do not hold the bucket now.
func AccessTo(who models.Actor, grants []models.Grant, past func() ([]models.Membership, error)) (Access, error) {
	var a Access
	if len(grants) == 0 {
		return a, nil
	}
	m := models.Membership{OrgID: who.OrgID, Role: who.Role}
	for _, g := range grants {
		if !g.Live() {
			continue
		}
		if Counts(g, who.UserID, m) || (g.Principal == who.UserID && who.Role == models.RoleReferralPartner) {
			return Access{Now: true}, nil
		}
	}
	memberships, err := past()
	if err != nil {
		return a, err
	}
	for _, m := range memberships {
		for _, g := range grants {
			if held, ok := overlap(g, m, who.UserID); ok {
				a.Past = append(a.Past, held)
			}
		}
	}
	return a, nil
}

// HeldThrough gives the organisation as whose member a person held a bucket last; ""
// when they never did. past are all their memberships.
func HeldThrough(user string, grants []models.Grant, past []models.Membership) string {
	org, until := "", int64(-1)
	for _, m := range past {
		for _, g := range grants {
			if held, ok := overlap(g, m, user); ok && held.Revoked > until {
				org, until = m.OrgID, held.Revoked
			}
		}
	}
	return org
}

// overlap gives the part of a grant's time in which it counted for a member.
func overlap(g models.Grant, m models.Membership, user string) (models.Grant, bool) {
	if !Counts(g, user, m) || g.Granted >= m.To || m.From >= g.Revoked {
		return g, false
	}
	if m.FromAt.After(g.GrantedAt) {
		g.GrantedAt = m.FromAt
	}
	if g.RevokedAt.IsZero() || !m.ToAt.IsZero() && m.ToAt.Before(g.RevokedAt) {
		g.RevokedAt = m.ToAt
	}
	g.Granted, g.Revoked = max(g.Granted, m.From), min(g.Revoked, m.To)
	return g, true
}
