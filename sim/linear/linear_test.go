package linear

import (
	"flag"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"pursuit/sim"
	"pursuit/sim/harness"
)

// rows is how many histories are recorded a database: -args -rows 200 for a long run.
var rows = flag.Int("rows", 8, "how many rows get a history")

const (
	clients  = 5
	requests = 30
	// searchLimit bounds porcupine's search for an order of one history: they take
	// milliseconds; one that takes longer is reported as unknown and fails.
	searchLimit = 60 * time.Second
)

// One row is linearisable on both databases, on Postgres over three instances: and
// the same histories are found wrong once a single answer in them is.
func TestRowIsLinearisable(t *testing.T) {
	for _, kind := range []harness.Kind{harness.SQLite, harness.Postgres} {
		t.Run(string(kind), func(t *testing.T) {
			world, err := sim.Open(t.Context(), kind)
			defer func() {
				if err := world.Close(t.Failed()); err != nil {
					t.Error(err)
				}
			}()
			if err != nil {
				t.Fatal(err)
			}
			company, err := Gather(t.Context(), world, 1, clients)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]int{}
			for i := range *rows {
				history, err := company.History(t.Context(), 2+i%(clients-1), requests)
				if err != nil {
					t.Fatal(err)
				}
				check(t, history)
				tally(seen, history)
			}
			t.Logf("%d rows, what requests met: %v", *rows, seen)
			for _, want := range []string{"applied", "merged", "rejected row_gone", "rejected row_exists", "read", "read nothing"} {
				if seen[want] == 0 {
					t.Errorf("no request met %q: the histories are too tame", want)
				}
			}
		})
	}
}

func check(t *testing.T, history []porcupine.Operation) {
	t.Helper()
	result, how := porcupine.CheckOperationsVerbose(Model(), history, searchLimit)
	if result != porcupine.Ok {
		path := filepath.Join(t.ArtifactDir(), "history.html")
		t.Errorf("a history of %d requests is %s: see %s (%v)", len(history), result, path, porcupine.VisualizePath(Model(), how, path))
		return
	}
	spoiled, ok := spoil(history)
	if !ok {
		return
	}
	if result := porcupine.CheckOperationsTimeout(Model(), spoiled, searchLimit); result != porcupine.Illegal {
		t.Errorf("a history whose last reader saw the past is %s", result)
	}
}

// spoil lets the last read see what another read saw before the last change.
func spoil(history []porcupine.Operation) ([]porcupine.Operation, bool) {
	spoiled := slices.Clone(history)
	slices.SortFunc(spoiled, func(a, b porcupine.Operation) int { return int(a.Return - b.Return) })
	last := len(spoiled) - 1
	now := spoiled[last].Output.(Output)
	for _, one := range spoiled[:last] {
		if past := one.Output.(Output); one.Input.(Input).Kind == Read && past.Live && past.V != now.V {
			spoiled[last].Output = past
			// Every change is over when the last read is called: nothing can explain it.
			spoiled[last].Call = spoiled[last-1].Return + 1
			spoiled[last].Return = spoiled[last].Call + 1
			return spoiled, true
		}
	}
	return nil, false
}

func tally(seen map[string]int, history []porcupine.Operation) {
	for _, one := range history {
		in, out := one.Input.(Input), one.Output.(Output)
		switch {
		case in.Kind == Read && out.Live:
			seen["read"]++
		case in.Kind == Read:
			seen["read nothing"]++
		case out.Status == "rejected":
			seen["rejected "+out.Code]++
		default:
			seen[out.Status]++
		}
	}
}
