package sync

import (
	"context"

	"pursuit/models"
)

// Listening tells whether a device of a user has a live stream open on this instance.
func (e *Engine) Listening(program int32, user, device string) bool {
	l := e.live
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.programs[program]
	if p == nil {
		return false
	}
	for s := range p.users[user] {
		if s.who.DeviceID == device {
			return true
		}
	}
	return false
}

// Holds tells whether a person holds a bucket now, by a grant of their own or of their
// organisation's.
func (e *Engine) Holds(ctx context.Context, who models.Actor, bucket string) (bool, error) {
	if !models.ValidID(bucket) {
		return false, nil
	}
	standing := models.Membership{OrgID: who.OrgID, Role: who.Role}
	v := view(who, standing, models.Tables.Visible(who.Role))
	v.At = models.Forever - 1 // after everything that has happened
	held, err := e.store.HeldAmong(ctx, v, []string{bucket})
	return len(held) > 0, err
}
