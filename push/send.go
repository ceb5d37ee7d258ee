package push

import (
	"context"
	"errors"
	"math/rand/v2"
	gosync "sync"
	"time"

	"pursuit/models/store"
	"pursuit/push/fcm"
)

const (
	underWay     = 512              // sends of one instance side by side: 2,000 a second while FCM takes a quarter of one
	claimAtOnce  = 128              // pushes of one taking: three quarters may hang and the rest still goes on
	lease        = 60 * time.Second // four times what one send may take
	sendEvery    = time.Second      // retries fall due without a bell
	retryFirst   = 2 * time.Second
	retryMost    = 10 * time.Minute
	retryDouble  = 12 // doublings after which the wait is the longest
	rejectedWait = 6 * time.Hour
)

// sendLoop sends what is in the outbox until ctx ends: it takes more as soon as there
// is room for a whole taking, so that a slow answer holds up its own place alone.
func (s *Service) sendLoop(ctx context.Context) {
	room := make(chan struct{}, underWay)
	answers := make(chan store.PushOutcome, underWay)
	var recording, sending gosync.WaitGroup
	recording.Go(func() { s.record(context.WithoutCancel(ctx), answers, s.unrecorded) })
	for ctx.Err() == nil {
		for range claimAtOnce {
			room <- struct{}{} // sends are bounded in time, so this is
		}
		due, err := s.store.ClaimPushes(ctx, lease, claimAtOnce)
		for range claimAtOnce - len(due) {
			<-room
		}
		for _, p := range due {
			sending.Go(func() {
				answers <- s.sendOne(context.WithoutCancel(ctx), p)
				<-room
			})
		}
		s.rest(ctx, len(due), err)
	}
	sending.Wait()
	close(answers)
	recording.Wait()
}

// rest waits for the bell or the next retry when nothing is left to take.
func (s *Service) rest(ctx context.Context, taken int, err error) {
	switch {
	case err != nil:
		if ctx.Err() == nil {
			s.log.Warn("pushes could not be taken; they are tried again", "error", err)
		}
		pause(ctx, failedPause)
	case taken < claimAtOnce:
		select {
		case <-ctx.Done():
		case <-s.send:
		case <-time.After(sendEvery):
		}
	}
}

func (s *Service) unrecorded(err error) {
	s.log.Warn("sent pushes could not be recorded; they go out once more when their lease ends", "error", err)
}

// SendSome takes some pushes that are due, sends them side by side, and records each
// as soon as FCM has answered. It gives how many it took.
//
// What is under way when ctx ends is finished: it is bounded by the sender's time.
func (s *Service) SendSome(ctx context.Context) (int, error) {
	due, err := s.store.ClaimPushes(ctx, lease, claimAtOnce)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	answers := make(chan store.PushOutcome, len(due))
	var sending gosync.WaitGroup
	for _, p := range due {
		sending.Go(func() { answers <- s.sendOne(ctx, p) })
	}
	go func() {
		sending.Wait()
		close(answers)
	}()
	var faults []error
	s.record(ctx, answers, func(err error) { faults = append(faults, err) })
	return len(due), errors.Join(faults...)
}

// record stores answers as they come until their end, those that come together in
// one transaction.
func (s *Service) record(ctx context.Context, answers <-chan store.PushOutcome, fail func(error)) {
	for first := range answers {
		list := []store.PushOutcome{first}
		for more := true; more && len(list) < underWay; {
			select {
			case next, ok := <-answers:
				if more = ok; ok {
					list = append(list, next)
				}
			default:
				more = false
			}
		}
		if err := s.store.RecordPushes(ctx, list); err != nil {
			fail(err)
		}
	}
}

// sendOne sends one push and tells what becomes of it.
func (s *Service) sendOne(ctx context.Context, p store.DuePush) store.PushOutcome {
	now := s.store.Clock()
	if p.Token == "" {
		return store.PushOutcome{Push: p, State: store.PushDropped, NextAt: now}
	}
	err := s.sender.Send(ctx, fcm.Message{Token: p.Token, Type: p.Kind, ID: p.ID, Locale: p.Locale})
	s.noteCredential(err)
	if err == nil {
		s.counts.sent.Add(1)
		return store.PushOutcome{Push: p, State: store.PushSent, NextAt: now}
	}
	s.counts.failed(fcm.KindOf(err))
	out := store.PushOutcome{Push: p, State: store.PushPlanned}
	switch fcm.KindOf(err) {
	case fcm.Forget:
		out.State, out.Forget, out.NextAt = store.PushFailed, true, now
	case fcm.Rejected:
		s.log.Error("a push was refused for good", "push", p.ID, "kind", p.Kind, "error", err)
		out.State, out.NextAt = store.PushFailed, now.Add(rejectedWait)
	default:
		out.NextAt = now.Add(retryWait(p.Tries, err))
		s.log.Warn("a push did not go out; it is tried again", "push", p.ID, "tries", p.Tries, "error", err)
	}
	return out
}

// retryWait doubles from try to try, with jitter, and is never shorter than what FCM
// asked for.
func retryWait(tries int, err error) time.Duration {
	wait := min(retryFirst<<min(max(tries-1, 0), retryDouble), retryMost)
	wait = wait/2 + rand.N(wait/2+1)
	if fault := (*fcm.Fault)(nil); errors.As(err, &fault) {
		wait = max(wait, fault.RetryAfter)
	}
	return wait
}

// noteCredential remembers whether FCM takes the credential, and says so once.
func (s *Service) noteCredential(err error) {
	switch {
	case fcm.KindOf(err) == fcm.Credential:
		if !s.credential.Swap(true) {
			s.log.Error("FCM refuses the push credential; no reminder reaches a phone until it is replaced", "error", err)
		}
	case err == nil:
		if s.credential.Swap(false) {
			s.log.Info("FCM takes the push credential again")
		}
	}
}

// CredentialRefused tells whether FCM refused the credential when it was last asked.
func (s *Service) CredentialRefused() bool { return s.credential.Load() }
