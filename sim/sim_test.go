package sim

import (
	"testing"

	"pursuit/sim/harness"
)

// TestSimulation is the short run for every change: each database gets a few
// programs, one after another, with kills and restarts among them, and at the end a
// lost database put back from a backup. After each, all devices equal the oracle. A failure names the seed: go run ./sim/cmd/sim -seed N.
func TestSimulation(t *testing.T) {
	const (
		programs = 2
		ops      = 700
		strikes  = 4
	)
	for _, kind := range []harness.Kind{harness.SQLite, harness.Postgres} {
		t.Run(string(kind), func(t *testing.T) {
			world, err := Open(t.Context(), kind)
			defer func() {
				if err := world.Close(t.Failed()); err != nil {
					t.Error(err)
				}
			}()
			if err != nil {
				t.Fatal(err)
			}
			for seed := uint64(1); seed <= programs; seed++ {
				run, err := world.Play(t.Context(), Generate(seed, Plan{Ops: ops, Strikes: strikes}), true)
				if err != nil {
					t.Fatalf("seed %d: %v (logs in %s)", seed, err, world.Dir())
				}
				if seed == programs {
					if err := run.Restore(t.Context(), seed); err != nil {
						t.Fatalf("seed %d, a restored backup: %v (logs in %s)", seed, err, world.Dir())
					}
				}
				if run.Stats.Mutations == 0 || run.Stats.Rows == 0 || run.Stats.Results["merged"] == 0 {
					t.Errorf("seed %d attacked nothing: %+v", seed, run.Stats)
				}
			}
		})
	}
}
