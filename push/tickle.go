package push

import (
	"context"
	gosync "sync"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/push/fcm"
)

const (
	tickleGather  = 200 * time.Millisecond // commits that follow each other are one tickle
	tickleEvery   = 30 * time.Second       // at most one a device in this time
	tickleDevices = 10_000                 // of one program in one look
	tickleAtOnce  = 32
	owedMax       = 100_000 // devices that are told later: more than any program has
)

// tickler wakes devices that are not connected when something in their scope may have
// changed. It promises little: a lost tickle is made good by the device's next poll.
// Source: docs/protocol.md, section 7.
type tickler struct {
	s    *Service
	wake chan struct{}

	mu       gosync.Mutex
	programs map[int32]*span

	owed map[target]time.Time // devices that were tickled a moment ago: when to tell them again
}

// span are commits of a program that were not looked at: after < seq <= upto.
type span struct{ after, upto int64 }

// target is one device of a program.
type target struct {
	program int32
	store.SleepingDevice
}

func newTickler(s *Service) *tickler {
	return &tickler{s: s, wake: make(chan struct{}, 1), programs: map[int32]*span{}, owed: map[target]time.Time{}}
}

// committed hears of a commit. The first one of a program begins the span before it:
// earlier ones are known to devices from their own polls.
func (t *tickler) committed(c store.Commit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.programs[c.Program]
	if p == nil {
		p = &span{after: c.Seq - 1}
		t.programs[c.Program] = p
	}
	p.upto = max(p.upto, c.Seq)
	ring(t.wake)
}

// run looks and tells until ctx ends.
func (t *tickler) run(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
			pause(ctx, tickleGather)
		case <-time.After(sendEvery):
		}
		t.tell(ctx, t.overdue(), false)
		var due []target
		for program, p := range t.take() {
			found, err := t.concerned(ctx, program, p)
			if err != nil && ctx.Err() == nil {
				t.s.log.Warn("could not look up whom to wake", "program", program, "error", err)
			}
			due = append(due, found...)
		}
		t.tell(ctx, due, true)
	}
}

// take gives the spans to be looked at and begins new ones.
func (t *tickler) take() map[int32]span {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[int32]span{}
	for program, p := range t.programs {
		if p.upto > p.after {
			out[program] = *p
			p.after = p.upto
		}
	}
	return out
}

// overdue takes the devices whose pause is over.
func (t *tickler) overdue() []target {
	var out []target
	now := t.s.store.Clock()
	for d, at := range t.owed {
		if !at.After(now) {
			out = append(out, d)
			delete(t.owed, d)
		}
	}
	return out
}

// concerned finds the sleeping devices of those whom commits concerned.
func (t *tickler) concerned(ctx context.Context, program int32, p span) ([]target, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	touches, err := t.s.store.Touched(ctx, program, p.after, p.upto)
	if err != nil || len(touches) == 0 {
		return nil, err
	}
	orgs, err := t.organisations(ctx, program)
	if err != nil {
		return nil, err
	}
	by := map[string][]store.Touch{}
	var principals []string
	var all []store.Touch // of the program's own bucket
	for _, touch := range touches {
		if touch.Reach == store.ReachBucket && !orgs[touch.Principal] {
			all = append(all, touch)
			continue
		}
		if by[touch.Principal] == nil {
			principals = append(principals, touch.Principal)
		}
		by[touch.Principal] = append(by[touch.Principal], touch)
	}
	devices, err := t.s.store.SleepingDevices(ctx, program, principals, len(all) > 0, tickleDevices)
	var out []target
	for _, d := range devices {
		if concerns(d, by[d.UserID], by[d.OrgID], all) && !t.listening(program, d) {
			out = append(out, target{program, d})
		}
	}
	return out, err
}

const orgsMax = 10_000 // of one program

func (t *tickler) organisations(ctx context.Context, program int32) (map[string]bool, error) {
	list, err := t.s.store.Orgs(ctx, program, "", orgsMax)
	out := make(map[string]bool, len(list))
	for _, o := range list {
		out[o.ID] = true
	}
	return out, err
}

func (t *tickler) listening(program int32, d store.SleepingDevice) bool {
	return t.s.live != nil && t.s.live.Listening(program, d.UserID, d.DeviceID)
}

// concerns tells whether somebody's scope was touched: by what they hold, by what
// their organisation holds for them, or by the program's own rows.
func concerns(d store.SleepingDevice, own, org, all []store.Touch) bool {
	role := models.Role(d.Role)
	visible := models.Tables.Visible(role)
	for _, touch := range own {
		if touch.Reach == store.ReachMember || role.HoldsCases() && visible&touch.Tables != 0 {
			return true
		}
	}
	for _, touch := range org {
		if (touch.Reach == store.ReachBucket || role.HoldsOrganisation()) && visible&touch.Tables != 0 {
			return true
		}
	}
	for _, touch := range all {
		if visible&touch.Tables != 0 {
			return true
		}
	}
	return false
}

// tell sends a tickle to each device, some side by side. One that was told a moment
// ago is told again when its pause is over (again), unless another instance was first.
func (t *tickler) tell(ctx context.Context, devices []target, again bool) {
	var sending gosync.WaitGroup
	defer sending.Wait()
	room := make(chan struct{}, tickleAtOnce)
	for _, d := range devices {
		token, err := store.In(ctx, t.s.store, func(tx *store.Tx) (string, error) {
			return tx.ClaimTickle(d.program, d.SleepingDevice, tx.Now.Add(-tickleEvery))
		})
		if err != nil || token == "" {
			if again && len(t.owed) < owedMax && t.owed[d].IsZero() && err == nil {
				t.owed[d] = t.s.store.Clock().Add(tickleEvery)
			}
			continue
		}
		delete(t.owed, d)
		room <- struct{}{}
		sending.Go(func() {
			t.send(ctx, d, token)
			<-room
		})
	}
}

// send sends one tickle. What does not go out is not tried again.
func (t *tickler) send(ctx context.Context, d target, token string) {
	err := t.s.sender.Send(ctx, fcm.Tickle(token))
	t.s.noteCredential(err)
	switch {
	case err == nil:
		t.s.counts.tickles.Add(1)
	case fcm.KindOf(err) == fcm.Forget:
		if err := t.s.store.ForgetToken(ctx, d.program, d.SleepingDevice, token); err != nil && ctx.Err() == nil {
			t.s.log.Warn("a void push token could not be forgotten", "device", d.DeviceID, "error", err)
		}
	}
}
