package sync

import (
	"context"
	"log/slog"
	gosync "sync"
	"sync/atomic"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	streamsMax  = 50_000                // of one instance: about 1 GB; beyond, phones poll
	lookEvery   = 20 * time.Millisecond // commits that follow each other are looked up together
	lookLimit   = 10 * time.Second      // for one look; a database that takes longer is away
	lookAgain   = 500 * time.Millisecond
	looksAtOnce = 4 // programs looked up side by side
)

// live tells open streams that something in their scope changed.
//
// A commit, from this process or another, moves a program's known sequence number.
// One look a program asks the database whom everything since the last look
// concerned, and rings the bells of exactly those streams. Ringing never waits: a
// stream holds one bell and the newest number, so a slow reader hears of many
// commits at once and holds nobody up.
// Source: docs/protocol.md, section 7.
type live struct {
	store *store.Store
	log   *slog.Logger

	mu       gosync.Mutex
	programs map[int32]*liveProgram
	streams  int
	wake     chan struct{} // rung when some program is to be looked at
	looks    atomic.Int64
}

// liveProgram is a program with at least one stream.
type liveProgram struct {
	users  map[string]map[*Stream]struct{}
	orgs   map[string]map[*Stream]struct{}
	known  int64 // committed, as far as was heard
	looked int64 // told to the streams
	stale  bool  // commits may have been missed: known must be read
	busy   bool  // a look is under way
}

// Stream is one open live stream. Its reader waits for Bell and then asks Seq and
// Recheck.
type Stream struct {
	who     models.Actor
	tables  models.TableSet
	seq     atomic.Int64
	recheck atomic.Bool
	bell    chan struct{}
}

// Bell is rung when Seq or Recheck have news.
func (s *Stream) Bell() <-chan struct{} { return s.bell }

// Seq is the newest number at which something in scope may have changed; 0 = none yet.
func (s *Stream) Seq() int64 { return s.seq.Load() }

// Recheck tells, once, that the stream's session must be checked again: something
// about its user, device or session changed.
func (s *Stream) Recheck() bool { return s.recheck.Swap(false) }

func (s *Stream) ring() {
	select {
	case s.bell <- struct{}{}:
	default: // it rings already
	}
}

func newLive(s *store.Store, log *slog.Logger) *live {
	return &live{store: s, log: log, programs: map[int32]*liveProgram{}, wake: make(chan struct{}, 1)}
}

// join opens a stream of a person and tells from which number on it rings: that of
// the last look, or seq, the program's head as it was read just before.
func (l *live) join(who models.Actor, seq int64) (*Stream, int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams >= streamsMax {
		return nil, 0, &models.Error{Kind: models.KindUnavailable, Code: "unavailable", Text: "Too many streams are open; poll instead.", RetryAfter: 30}
	}
	p := l.programs[who.Program]
	if p == nil {
		p = &liveProgram{users: map[string]map[*Stream]struct{}{}, orgs: map[string]map[*Stream]struct{}{}, known: seq, looked: seq}
		l.programs[who.Program] = p
	}
	s := &Stream{who: who, tables: models.Tables.Visible(who.Role), bell: make(chan struct{}, 1)}
	enrol(p.users, who.UserID, s)
	enrol(p.orgs, who.OrgID, s)
	l.streams++
	return s, max(seq, p.looked), nil
}

func enrol(index map[string]map[*Stream]struct{}, key string, s *Stream) {
	if index[key] == nil {
		index[key] = map[*Stream]struct{}{}
	}
	index[key][s] = struct{}{}
}

// leave closes a stream.
func (l *live) leave(s *Stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.programs[s.who.Program]
	if p == nil {
		return
	}
	if _, open := p.users[s.who.UserID][s]; !open {
		return
	}
	strike(p.users, s.who.UserID, s)
	strike(p.orgs, s.who.OrgID, s)
	l.streams--
	if len(p.users) == 0 && !p.busy {
		delete(l.programs, s.who.Program)
	}
}

func strike(index map[string]map[*Stream]struct{}, key string, s *Stream) {
	delete(index[key], s)
	if len(index[key]) == 0 {
		delete(index, key)
	}
}

// open tells how many streams there are.
func (l *live) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.streams
}

// committed hears of a commit. It does not wait.
func (l *live) committed(c store.Commit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.programs[c.Program]; p != nil && c.Seq > p.known {
		p.known = c.Seq
		l.call()
	}
}

// lost hears that commits may have been missed.
func (l *live) lost() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.programs {
		p.stale = true
	}
	l.call()
}

// sessionChanged hears that a user's sessions must be checked again.
func (l *live) sessionChanged(c store.SessionChange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	everybody := c == store.SessionChange{}
	for no, p := range l.programs {
		if !everybody && no != c.Program {
			continue
		}
		for user, streams := range p.users {
			if !everybody && user != c.UserID {
				continue
			}
			for s := range streams {
				s.recheck.Store(true)
				s.ring()
			}
		}
	}
}

// call wakes the looking; l.mu is held.
func (l *live) call() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run looks up what commits concern until ctx ends.
func (l *live) run(ctx context.Context) {
	var looking gosync.WaitGroup
	defer looking.Wait()
	room := make(chan struct{}, looksAtOnce)
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		for _, no := range l.waiting() {
			select {
			case <-ctx.Done():
				return
			case room <- struct{}{}:
			}
			looking.Go(func() {
				l.look(ctx, no)
				<-room
			})
		}
	}
}

// waiting takes the programs that are to be looked at and are not yet.
func (l *live) waiting() []int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []int32
	for no, p := range l.programs {
		if !p.busy && (p.stale || p.known > p.looked) {
			p.busy = true
			out = append(out, no)
		}
	}
	return out
}

// look tells a program's streams what they must know, until nothing is left.
func (l *live) look(ctx context.Context, no int32) {
	for {
		pause := lookEvery
		if err := l.lookOnce(ctx, no); err != nil && ctx.Err() == nil {
			l.log.Warn("could not look up whom a commit concerns", "program", no, "error", err)
			pause = lookAgain
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		if l.settled(no) || ctx.Err() != nil {
			return
		}
	}
}

// settled tells whether a program needs no further look, and ends the present one.
func (l *live) settled(no int32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.programs[no]
	if len(p.users) == 0 {
		delete(l.programs, no)
		return true
	}
	p.busy = p.stale || p.known > p.looked
	return !p.busy
}

func (l *live) lookOnce(ctx context.Context, no int32) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	l.mu.Lock()
	p := l.programs[no]
	stale, after, upto := p.stale, p.looked, p.known
	p.stale = false
	l.mu.Unlock()
	if stale {
		h, err := l.store.Head(ctx, no)
		if err != nil {
			l.again(p)
			return err
		}
		upto = max(upto, h.Seq)
	}
	if upto <= after {
		return nil
	}
	l.looks.Add(1)
	touches, err := l.store.Touched(ctx, no, after, upto)
	if err != nil {
		if stale {
			l.again(p)
		}
		return err
	}
	l.tell(p, touches, upto)
	return nil
}

func (l *live) again(p *liveProgram) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.stale = true
}

// tell rings the bells of those whom the commits up to a number concerned.
func (l *live) tell(p *liveProgram, touches []store.Touch, upto int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.looked, p.known = upto, max(p.known, upto)
	for _, t := range touches {
		p.each(t, func(s *Stream) {
			s.seq.Store(upto)
			s.ring()
		})
	}
}

// each visits the streams that a touch concerns: those for whom the principal's
// holding counts (docs/protocol.md, section 6) and who may receive the tables.
func (p *liveProgram) each(t store.Touch, visit func(*Stream)) {
	all := t.Reach == store.ReachMember
	for s := range p.users[t.Principal] {
		if all || s.who.Role.HoldsCases() && s.tables&t.Tables != 0 {
			visit(s)
		}
	}
	for s := range p.orgs[t.Principal] {
		counts := t.Reach == store.ReachBucket || s.who.Role.HoldsOrganisation()
		if counts && s.tables&t.Tables != 0 {
			visit(s)
		}
	}
	if t.Reach != store.ReachBucket {
		return
	}
	for _, streams := range p.users {
		for s := range streams {
			if s.who.ProgramID == t.Principal && s.tables&t.Tables != 0 {
				visit(s)
			}
		}
	}
}
