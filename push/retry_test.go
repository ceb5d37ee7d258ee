package push

import (
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"

	"pursuit/push/fcm"
)

// A retry waits longer from try to try up to a limit, never the same for everybody,
// and never less than FCM asked for.
func TestRetriesBackOffWithJitter(t *testing.T) {
	const draws = 200
	previous := time.Duration(0)
	for tries := 1; tries < 40; tries++ {
		full := min(retryFirst<<min(tries-1, retryDouble), retryMost)
		seen := map[time.Duration]bool{}
		for range draws {
			wait := retryWait(tries, nil)
			if wait < full/2 || wait > full {
				t.Fatalf("try %d waits %s, want between %s and %s", tries, wait, full/2, full)
			}
			seen[wait] = true
		}
		if len(seen) < draws/2 {
			t.Errorf("try %d waits one of %d times only", tries, len(seen))
		}
		if full < previous {
			t.Errorf("try %d may wait %s, less than the one before", tries, full)
		}
		previous = full
	}
	if previous != retryMost {
		t.Errorf("the longest wait is %s, want %s", previous, retryMost)
	}
	asked := 3 * time.Hour
	if wait := retryWait(1, &fcm.Fault{Kind: fcm.Quota, RetryAfter: asked}); wait < asked {
		t.Errorf("FCM asked for %s and gets %s", asked, wait)
	}
}

// River counts a refusal and tries again by NextRetry, until the wait does not grow any
// more; then, and when FCM names a time, the job sleeps and keeps no more errors.
func TestRefusalsAreCountedUntilTheWaitIsEven(t *testing.T) {
	snoozed := func(err error) time.Duration {
		if sleep := (*rivertype.JobSnoozeError)(nil); errors.As(err, &sleep) {
			return sleep.Duration
		}
		return 0
	}
	away := &fcm.Fault{Kind: fcm.Retry}
	if err := again(steadyAfter-1, away); !errors.Is(err, errAgain) {
		t.Errorf("a growing wait is %v, want River's retry", err)
	}
	if wait := snoozed(again(steadyAfter, away)); wait < retryMost/2 || wait > retryMost {
		t.Errorf("an even wait is %s", wait)
	}
	if wait := snoozed(again(1, &fcm.Fault{Kind: fcm.Quota, RetryAfter: time.Minute})); wait != time.Minute {
		t.Errorf("FCM asked for a minute and gets %s", wait)
	}
	if full := retryFirst << (steadyAfter - 1); full < retryMost {
		t.Errorf("the wait still grows after %d tries: %s", steadyAfter, full)
	}
	now := time.Now()
	s := &Service{jobTimes: JobTimes{Clock: func() time.Time { return now }}}
	if wait := s.NextRetry(&rivertype.JobRow{Attempt: 1}).Sub(now); wait < retryFirst/2 || wait > retryFirst {
		t.Errorf("the first retry waits %s", wait)
	}
}
