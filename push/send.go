package push

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"pursuit/models/store"
	"pursuit/push/fcm"
)

const (
	retryFirst   = 2 * time.Second
	retryMost    = 10 * time.Minute
	retryDouble  = 12 // doublings after which the wait is the longest
	steadyAfter  = 10 // tries after which a push is tried in even steps, and no more errors are kept with its job
	rejectedWait = 6 * time.Hour
	recordTries  = 10 // a second apart: as long as recordLimit allows
)

// What River stores and logs of a push that did not go: it names nobody and nothing.
var (
	errSettled  = errors.New("the push was settled before it went")
	errNoDevice = errors.New("the device is not to be told any more")
	errVoid     = errors.New("the push token is void")
	errRefused  = errors.New("the push was refused for good")
	errAgain    = errors.New("the push did not go out")
	errUnread   = errors.New("the push could not be read")
	errUnnoted  = errors.New("the push went out and could not be recorded")
)

// sendWorker sends the push of a job and records what became of it.
type sendWorker struct {
	river.WorkerDefaults[sendJob]
	s *Service
}

// Work sends one push, if it is still to be sent. Only what was recorded is done: a
// job that is worked again after a crash sends again, with the same id.
func (w *sendWorker) Work(ctx context.Context, job *river.Job[sendJob]) error {
	s := w.s
	p, err := s.loads.ask(ctx, store.PushKey(job.Args))
	switch {
	case err != nil:
		s.log.Warn("a push could not be read; it is tried again", "push", job.Args.ID, "error", err)
		return errUnread
	case p == nil:
		return river.JobCancel(errSettled)
	case p.Token == "":
		return s.note(ctx, store.PushOutcome{Push: *p, State: store.PushDropped}, errNoDevice)
	}
	err = s.sender.Send(ctx, fcm.Message{Token: p.Token, Type: p.Kind, ID: p.ID, Locale: p.Locale})
	s.noteCredential(err)
	if err == nil {
		s.counts.sent.Add(1)
		return s.note(ctx, store.PushOutcome{Push: *p, State: store.PushSent}, nil)
	}
	s.counts.failed(fcm.KindOf(err))
	switch fcm.KindOf(err) {
	case fcm.Forget:
		return s.note(ctx, store.PushOutcome{Push: *p, State: store.PushFailed, Forget: true}, errVoid)
	case fcm.Rejected:
		s.log.Error("a push was refused for good", "push", p.ID, "kind", p.Kind, "error", err)
		return s.note(ctx, store.PushOutcome{Push: *p, State: store.PushFailed, LookAt: s.store.Clock().Add(rejectedWait)}, errRefused)
	}
	s.log.Warn("a push did not go out; it is tried again", "push", p.ID, "tries", job.Attempt, "error", err)
	return again(job.Attempt, err)
}

// NextRetry tells River when a push that failed, or whose process died, is tried again.
func (s *Service) NextRetry(job *rivertype.JobRow) time.Time {
	now := time.Now()
	if s.jobTimes.Clock != nil {
		now = s.jobTimes.Clock()
	}
	return now.Add(retryWait(job.Attempt, nil))
}

// again leaves the time of the next try to NextRetry, unless FCM named one or the
// wait does not grow any more: River then lets the job sleep, and the job does not
// gather errors without end while FCM is away.
func again(tries int, err error) error {
	fault := (*fcm.Fault)(nil)
	if errors.As(err, &fault) && fault.RetryAfter > 0 || tries >= steadyAfter {
		return river.JobSnooze(retryWait(tries, err))
	}
	return errAgain
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

// note records what became of a push and then gives what River is to do with its job:
// nothing more, for a reason or because it is done.
func (s *Service) note(ctx context.Context, o store.PushOutcome, reason error) error {
	if o.LookAt.IsZero() {
		o.LookAt = s.store.Clock()
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	if _, err := s.records.ask(limit, o); err != nil {
		return errUnnoted
	}
	if reason != nil {
		return river.JobCancel(reason)
	}
	return nil
}

// load reads pushes that are to be sent; nil for one that is not any more.
func (s *Service) load(ctx context.Context, keys []store.PushKey) ([]*store.DuePush, error) {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	found, err := s.store.PushesToSend(ctx, keys)
	if err != nil {
		return nil, err
	}
	by := make(map[store.PushKey]*store.DuePush, len(found))
	for i := range found {
		by[found[i].PushKey] = &found[i]
	}
	out := make([]*store.DuePush, len(keys))
	for i, k := range keys {
		out[i] = by[k]
	}
	return out, nil
}

// record stores what became of pushes. It tries again while it may: what is not
// recorded goes out once more.
func (s *Service) record(ctx context.Context, list []store.PushOutcome) ([]struct{}, error) {
	ctx, cancel := context.WithTimeout(ctx, recordLimit)
	defer cancel()
	var err error
	for range recordTries {
		if err = s.store.RecordPushes(ctx, list); err == nil || ctx.Err() != nil {
			break
		}
		pause(ctx, failedPause)
	}
	if err != nil {
		s.log.Warn("sent pushes could not be recorded; they go out once more", "pushes", len(list), "error", err)
	}
	return make([]struct{}, len(list)), err
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
