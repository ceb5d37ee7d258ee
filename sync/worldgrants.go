package sync

import (
	"pursuit/models"
	"pursuit/sync/scope"
)

// loadGrants makes sure that the grants of the buckets are known.
func (w *world) loadGrants(buckets ...string) error {
	var missing []string
	for _, b := range buckets {
		if _, ok := w.grants[b]; !ok && models.ValidID(b) {
			w.grants[b] = nil
			missing = append(missing, b)
		}
	}
	list, err := w.tx.Grants(missing)
	if err != nil {
		return err
	}
	for _, g := range list {
		w.grants[g.Bucket] = append(w.grants[g.Bucket], &grant{Grant: g})
	}
	return nil
}

// grantsOf gives all grants of a bucket, ended ones included.
func (w *world) grantsOf(bucket string) ([]models.Grant, error) {
	if err := w.loadGrants(bucket); err != nil {
		return nil, err
	}
	out := make([]models.Grant, len(w.grants[bucket]))
	for i, g := range w.grants[bucket] {
		out[i] = g.Grant
	}
	return out, nil
}

// give grants a bucket to a principal from now on, unless the same grant stands.
func (w *world) give(principal, bucket, source string) error {
	if principal == "" {
		return nil
	}
	if err := w.loadGrants(bucket); err != nil {
		return err
	}
	for _, g := range w.grants[bucket] {
		if g.Live() && g.Principal == principal && g.Source == source {
			return nil
		}
	}
	g := &grant{dirty: true, Grant: models.Grant{Bucket: bucket, Principal: principal, Source: source,
		Granted: w.tx.Seq(), Revoked: models.Forever, GrantedAt: w.tx.Now}}
	w.grants[bucket] = append(w.grants[bucket], g)
	w.grantChanges = append(w.grantChanges, g)
	w.opened = append(w.opened, bucket)
	w.undo = append(w.undo, func() {
		w.grants[bucket] = w.grants[bucket][:len(w.grants[bucket])-1]
		w.grantChanges = w.grantChanges[:len(w.grantChanges)-1]
		w.opened = w.opened[:len(w.opened)-1]
	})
	return nil
}

// take ends the standing grants of a bucket that match.
func (w *world) take(bucket string, match func(models.Grant) bool) error {
	if err := w.loadGrants(bucket); err != nil {
		return err
	}
	for _, g := range w.grants[bucket] {
		if !g.Live() || !match(g.Grant) {
			continue
		}
		before := *g
		g.Revoked, g.RevokedAt = w.tx.Seq(), w.tx.Now
		if !before.dirty {
			g.dirty = true
			w.grantChanges = append(w.grantChanges, g)
		}
		w.undo = append(w.undo, func() {
			*g = before
			if !before.dirty {
				w.grantChanges = w.grantChanges[:len(w.grantChanges)-1]
			}
		})
	}
	return nil
}

// access computes a writer's access to a bucket.
func (w *world) access(who models.Actor, bucket string) (scope.Access, error) {
	if bucket == who.OrgID || bucket == w.tx.Program.ID {
		return scope.Access{Now: true}, nil
	}
	list, err := w.grantsOf(bucket)
	if err != nil {
		return scope.Access{}, err
	}
	return scope.AccessTo(who, list, func() ([]models.Membership, error) { return w.memberships(who.UserID) })
}
