package sim

import (
	"testing"

	"pursuit/sim/harness"
)

// TestKills is the short siege for every change: the server is killed under load
// again and again, and Postgres with it, and nothing acknowledged is lost. The long one
// is go run ./sim/cmd/sim -kills 200 -db postgres.
func TestKills(t *testing.T) {
	siege := map[harness.Kind]Siege{
		harness.SQLite:   {Seed: 1, Members: 6, Kills: 12},
		harness.Postgres: {Seed: 1, Members: 6, Kills: 8, DatabaseKills: 3},
	}
	for _, kind := range []harness.Kind{harness.SQLite, harness.Postgres} {
		t.Run(string(kind), func(t *testing.T) {
			world, err := OpenDurable(t.Context(), kind)
			defer func() {
				if err := world.Close(t.Failed()); err != nil {
					t.Error(err)
				}
			}()
			if err != nil {
				t.Fatal(err)
			}
			toll, err := world.Besiege(t.Context(), siege[kind])
			if err != nil {
				t.Fatalf("%v (logs in %s)", err, world.Dir())
			}
			t.Logf("%+v", toll)
			if toll.Kills != siege[kind].Kills || toll.DatabaseKills != siege[kind].DatabaseKills || toll.InFlight == 0 {
				t.Errorf("killed %+v, want %+v with requests under way", toll, siege[kind])
			}
		})
	}
}
