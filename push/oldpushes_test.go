package push_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pursuit/push/cadence"
)

// What went out is kept for a month and then removed, a push that waits never; and a
// reminder whose push is removed is not told again.
func TestOldPushesAreRemoved(t *testing.T) {
	onBoth(t, func(sc *scene) {
		sc.pursue("slo_icm")
		for range 2 {
			sc.forward(48 * time.Hour) // Friday noon: the worker was told
		}
		if sc.told(sc.worker, cadence.KindSilence) != 1 {
			sc.t.Fatal("the silence was not told")
		}
		kept := sc.pushes("state = 'sent'")
		if kept == 0 {
			sc.t.Fatal("a push that went out left nothing to look into")
		}
		sc.forward(29 * 24 * time.Hour)
		if n := sc.pushes("state = 'sent'"); n < kept {
			sc.t.Errorf("%d pushes are kept after 29 days, want at least %d", n, kept)
		}
		old := sc.now.Load()
		sc.forward(31 * 24 * time.Hour)
		sc.forward(time.Minute)
		if n := sc.pushes(fmt.Sprintf("state <> 'planned' AND made_at <= %d", old)); n != 0 {
			sc.t.Errorf("%d pushes of more than 30 days ago are kept", n)
		}
		if n := sc.told(sc.worker, cadence.KindSilence); n != 1 {
			sc.t.Errorf("the worker was told %d times of one silence", n)
		}
	})
}

// pushes counts the decided pushes that meet a condition.
func (sc *scene) pushes(where string) int {
	sc.t.Helper()
	n := 0
	sc.must(sc.store.SQLDB().QueryRowContext(context.Background(), `SELECT count(*) FROM pushes WHERE `+where).Scan(&n))
	return n
}
