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
	tickleOwn     = 300 * time.Millisecond // until others had their say on a commit of this instance
	tickleOthers  = 2 * time.Second        // and on one of another, or of a command, which tells nobody
	tickleEvery   = 30 * time.Second       // at most one a device in this time
	tickleDevices = 10_000                 // of one program in one look
	tickleAtOnce  = 32
	tickleLook    = time.Second // debts fall due without a bell
	owedMax       = 100_000     // devices that are told later: more than any program has
)

// tickler wakes devices that are not connected when something in their scope may have
// changed. It promises little: a lost tickle is made good by the device's next poll.
//
// Every instance looks whom a commit concerns. Those who know of it from the instance
// (they listen, or were answered: the one that made the change) are noted in the
// database; a moment later the others are told by the first instance that asks for it,
// as a rule the one that made the commit.
// Source: docs/protocol.md, section 7.
type tickler struct {
	s    *Service
	wake chan struct{}

	mu       gosync.Mutex
	programs map[int32]*span

	owed map[target]debt // devices that are to be told
}

// span are commits of a program that were not looked at: after < seq <= upto.
type span struct {
	after, upto int64
	own         bool // all of them are this instance's
}

// target is one device of a program.
type target struct {
	program int32
	store.SleepingDevice
}

// debt is what a device is to be told of, and when.
type debt struct {
	upto int64
	from time.Time // when others had their say
	at   time.Time // when its pause is over, by the store's clock
}

func newTickler(s *Service) *tickler {
	return &tickler{s: s, wake: make(chan struct{}, 1), programs: map[int32]*span{}, owed: map[target]debt{}}
}

// committed hears of a commit. The first one of a program begins the span before it:
// earlier ones are known to devices from their own polls.
func (t *tickler) committed(c store.Commit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.programs[c.Program]
	if p == nil {
		p = &span{after: c.Seq - 1, own: true}
		t.programs[c.Program] = p
	}
	if c.Seq > p.upto {
		p.upto, p.own = c.Seq, p.own && c.Own
		ring(t.wake)
	}
}

// run looks and tells until ctx ends.
func (t *tickler) run(ctx context.Context) {
	for ctx.Err() == nil {
		rest := tickleLook
		if len(t.owed) > 0 {
			rest = tickleGather
		}
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
			pause(ctx, tickleGather)
		case <-time.After(rest):
		}
		for program, p := range t.take() {
			if err := t.look(ctx, program, p); err != nil && ctx.Err() == nil {
				t.s.log.Warn("could not look up whom to wake", "program", program, "error", err)
			}
		}
		t.tell(ctx, t.due())
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
			p.after, p.own = p.upto, true
		}
	}
	return out
}

// look finds whom commits concern: those who know are noted, the others owed.
func (t *tickler) look(ctx context.Context, program int32, p span) error {
	found, err := t.concerned(ctx, program, p)
	if err != nil {
		return err
	}
	wait := tickleOwn
	if !p.own {
		wait = tickleOthers
	}
	if t.s.store.Alone() { // nobody else has a say
		wait = 0
	}
	from := time.Now().Add(wait)
	var know []store.SleepingDevice
	for _, d := range found {
		if t.knows(d, p.upto) {
			know = append(know, d.SleepingDevice)
		} else if have, owed := t.owed[d]; owed {
			have.upto = p.upto
			t.owed[d] = have
		} else if len(t.owed) < owedMax {
			t.owed[d] = debt{upto: p.upto, from: from}
		}
	}
	if t.s.store.Alone() {
		return nil
	}
	return t.s.store.KnowTickles(ctx, program, know, p.upto)
}

// due takes the devices that are to be told now.
func (t *tickler) due() map[target]debt {
	out := map[target]debt{}
	real, now := time.Now(), t.s.store.Clock()
	for d, owed := range t.owed {
		if !owed.from.After(real) && !owed.at.After(now) {
			out[d] = owed
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
		if concerns(d, by[d.UserID], by[d.OrgID], all) {
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

func (t *tickler) knows(d target, upto int64) bool {
	return t.s.live != nil && t.s.live.Knows(d.program, d.UserID, d.DeviceID, upto)
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

// tell sends a tickle to each device that nobody told meanwhile, some side by side.
// One that was tickled a moment ago is told when its pause is over.
func (t *tickler) tell(ctx context.Context, devices map[target]debt) {
	var sending gosync.WaitGroup
	defer sending.Wait()
	room := make(chan struct{}, tickleAtOnce)
	for d, owed := range devices {
		if t.knows(d, owed.upto) {
			continue
		}
		claim, err := store.In(ctx, t.s.store, func(tx *store.Tx) (store.Tickled, error) {
			return tx.ClaimTickle(d.program, d.SleepingDevice, owed.upto, tx.Now.Add(-tickleEvery))
		})
		if err != nil || claim.Known { // a lost one is made good by the next poll
			continue
		}
		if claim.Token == "" {
			owed.at = t.s.store.Clock().Add(tickleEvery)
			t.owed[d] = owed
			continue
		}
		room <- struct{}{}
		sending.Go(func() {
			t.send(ctx, d, claim.Token)
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
