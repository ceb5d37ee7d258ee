package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"pursuit/sim/crew"
	"pursuit/sim/harness"
)

const (
	// loadBefore is how many mutations must have been acknowledged since the last
	// kill before the next: a kill of an idle server shows nothing.
	loadBefore = 20
	// loadLimit bounds the wait for that load.
	loadLimit = 60 * time.Second
	// aimSpread spreads kills over the life of a request, in microseconds.
	aimSpread = 40_000
	// flushLimit bounds how long the queues may take to empty after the last kill.
	flushLimit = 90 * time.Second
)

// Siege says what is killed.
type Siege struct {
	Seed    uint64
	Members int // devices that write without pause
	// Kills are of a server, DatabaseKills of Postgres with all of its processes.
	Kills, DatabaseKills int
}

// Toll is what a siege did.
type Toll struct {
	Kills, DatabaseKills int
	// InFlight counts the requests that were under way when something was killed.
	InFlight int64
	Crew     string
}

// Besiege kills servers and the database under load and restarts them, and then holds
// the survivors to everything they acknowledged: see package crew. The audit's chain
// and the database file are checked besides.
func (w *World) Besiege(ctx context.Context, s Siege) (Toll, error) {
	var toll Toll
	program, err := w.Site.Bootstrap(ctx, w.Servers[0].URL, fmt.Sprintf("k%d", w.serial.Add(1)))
	if err != nil {
		return toll, err
	}
	plan := crew.Plan{Seed: s.Seed, Members: s.Members, Calm: w.Servers[0].URL}
	for _, server := range w.Servers {
		plan.Bases = append(plan.Bases, server.URL)
	}
	band, err := crew.Enlist(ctx, program, plan)
	if err != nil {
		return toll, err
	}
	working, stop := context.WithCancel(ctx)
	worked := make(chan error, 1)
	go func() {
		defer stop() // with a promise broken, nothing more need be killed
		worked <- band.Work(working)
	}()
	err = w.killAll(working, s, band, &toll)
	stop()
	if broken := <-worked; broken != nil {
		err = broken
	}
	if err == nil {
		err = band.Flush(ctx, flushLimit)
	}
	if err == nil {
		err = errors.Join(band.Judge(ctx), w.sound(ctx))
	}
	toll.Crew = band.Stats.String()
	return toll, err
}

// killAll strikes until the plan is fulfilled, the database's kills spread among the
// servers'.
func (w *World) killAll(ctx context.Context, s Siege, band *crew.Crew, toll *Toll) error {
	random := rand.New(rand.NewPCG(s.Seed, 2))
	all := s.Kills + s.DatabaseKills
	for i := range all {
		if err := underLoad(ctx, band); err != nil {
			return fmt.Errorf("before kill %d: %w", i+1, err)
		}
		time.Sleep(time.Duration(random.IntN(aimSpread)) * time.Microsecond)
		toll.InFlight += band.Stats.InFlight.Load()
		left := all - i
		if random.IntN(left) < s.DatabaseKills-toll.DatabaseKills {
			toll.DatabaseKills++
			if err := w.strike(ctx, strikeDatabase, 0, 0); err != nil {
				return fmt.Errorf("kill the database: %w", err)
			}
			continue
		}
		toll.Kills++
		if err := w.strike(ctx, strikeServer, random.Uint32(), 0); err != nil {
			return fmt.Errorf("kill a server: %w", err)
		}
	}
	return nil
}

// underLoad waits until the crew was answered again and has a request under way.
func underLoad(ctx context.Context, band *crew.Crew) error {
	before := band.Stats.Answered.Load()
	for deadline := time.Now().Add(loadLimit); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if band.Stats.Answered.Load() >= before+loadBefore && band.Stats.InFlight.Load() > 0 {
			return nil
		}
	}
	return fmt.Errorf("nobody was answered for %s", loadLimit)
}

// sound checks the chain of the audit with the command that operators use.
func (w *World) sound(ctx context.Context) error {
	out, err := w.Site.Command(ctx, nil, "audit", "verify")
	if err == nil && out.Code != 0 {
		err = fmt.Errorf("audit verify ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	if err != nil || w.Site.Kind == harness.Postgres {
		return err
	}
	return w.Site.Intact(ctx)
}
