package sync

import (
	"context"
	gosync "sync"
	"time"

	"pursuit/models"
)

const (
	answersFor = time.Minute // what was answered is remembered this long at least: tickles follow commits by seconds
	answersMax = 100_000     // devices; beyond, one may get a tickle that it does not need
)

// answers remembers how far the sequence was in the last answer to each device. A
// device that was told "seq": N needs nobody to tell it of what came before N.
type answers struct {
	mu          gosync.Mutex
	now, before map[answered]int64
	turned      time.Time
}

type answered struct {
	program      int32
	user, device string
}

func (a *answers) note(who models.Actor, seq int64, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at.Sub(a.turned) > answersFor || a.now == nil {
		a.now, a.before, a.turned = map[answered]int64{}, a.now, at
	}
	key := answered{who.Program, who.UserID, who.DeviceID}
	if _, known := a.now[key]; known || len(a.now) < answersMax {
		a.now[key] = max(a.now[key], seq)
	}
}

func (a *answers) last(key answered) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return max(a.now[key], a.before[key])
}

// Knows tells whether a device of a user knows that the sequence reached seq: from an
// answer of this instance, or because it listens here.
func (e *Engine) Knows(program int32, user, device string, seq int64) bool {
	return e.answers.last(answered{program, user, device}) >= seq || e.Listening(program, user, device)
}

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
