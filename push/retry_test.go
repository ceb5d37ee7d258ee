package push

import (
	"testing"
	"time"

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
