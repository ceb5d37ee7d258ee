package sim

import (
	"testing"

	"pursuit/sim/harness"
)

// TestSimulationOfTwoSchemas is the short run with apps of two schemas and, at its
// end, an absence of 401 days: what is old is collected while all devices pull.
func TestSimulationOfTwoSchemas(t *testing.T) {
	const seed, ops, strikes = 3, 600, 2
	for _, kind := range []harness.Kind{harness.SQLite, harness.Postgres} {
		t.Run(string(kind), func(t *testing.T) {
			world, err := OpenTrial(t.Context(), kind)
			defer func() {
				if err := world.Close(t.Failed()); err != nil {
					t.Error(err)
				}
			}()
			if err != nil {
				t.Fatal(err)
			}
			run, err := world.Play(t.Context(), Generate(seed, Plan{Ops: ops, Strikes: strikes, Apps: true}), true)
			if err != nil {
				t.Fatalf("%v (logs in %s)", err, world.Dir())
			}
			if err := run.Collect(t.Context(), seed); err != nil {
				t.Fatalf("a long absence: %v (logs in %s)", err, world.Dir())
			}
			if run.Stats.Upgrades == 0 || run.Stats.Reconciled == 0 {
				t.Errorf("nothing was upgraded or nobody was away: %+v", run.Stats)
			}
		})
	}
}
