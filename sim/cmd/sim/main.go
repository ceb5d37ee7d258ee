// Command sim plays the simulation of many devices against real servers.
//
//	go run ./sim/cmd/sim -seed 7 -ops 3000 -db postgres
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"pursuit/sim"
	"pursuit/sim/harness"
)

// printed is how many operations of a failure are shown: more help nobody.
const printed = 60

// settings are the flags.
type settings struct {
	seed                            uint64
	ops, strikes, programs, repeats int
	db                              string
	shrink                          time.Duration
	keep, restore                   bool
}

func main() {
	var s settings
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "seed of the first program; 0 or absent draws one")
	flag.IntVar(&s.ops, "ops", 2000, "operations a program")
	flag.IntVar(&s.strikes, "strikes", 6, "kills and restarts a round")
	flag.IntVar(&s.programs, "programs", 1, "programs under attack at the same time, with seeds that follow each other")
	flag.IntVar(&s.repeats, "repeats", 1, "rounds, with seeds that follow each other")
	flag.StringVar(&s.db, "db", "sqlite", "sqlite or postgres")
	flag.DurationVar(&s.shrink, "shrink", 3*time.Minute, "time to look for a shorter failure")
	flag.BoolVar(&s.restore, "restore", false, "with one program: end each round with a lost database, put back from a backup")
	flag.BoolVar(&s.keep, "keep", false, "keep the folder with database and logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "sim:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	if s.db != string(harness.SQLite) && s.db != string(harness.Postgres) {
		return fmt.Errorf("no database %q: sqlite or postgres", s.db)
	}
	world, err := sim.Open(ctx, harness.Kind(s.db))
	defer func() { err = errors.Join(err, world.Close(s.keep || err != nil)) }()
	if err != nil {
		return err
	}
	for round := range s.repeats {
		if err := play(ctx, world, s, s.seed+uint64(round*s.programs)); err != nil {
			fmt.Println("database and logs:", world.Dir())
			return err
		}
	}
	return nil
}

// play attacks all programs of a round and reports the first failure, shrunk.
func play(ctx context.Context, world *sim.World, s settings, seed uint64) error {
	errs := make([]error, s.programs)
	started := time.Now()
	var group sync.WaitGroup
	for i := range s.programs {
		group.Go(func() {
			mine := seed + uint64(i)
			played, err := world.Play(ctx, sim.Generate(mine, s.ops, s.strikes), i == 0)
			if err == nil && s.restore && s.programs == 1 {
				err = played.Restore(ctx, mine)
			}
			errs[i] = err
			slog.Info("played", "seed", mine, "db", s.db, "stats", fmt.Sprintf("%+v", played.Stats), "strikes", world.Strikes(),
				"seconds", int(time.Since(started).Seconds()), "ok", err == nil)
		})
	}
	group.Wait()
	for i, err := range errs {
		var failure *sim.Failure
		if errors.As(err, &failure) {
			return shrunk(ctx, world, s, seed+uint64(i), failure)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func shrunk(ctx context.Context, world *sim.World, s settings, seed uint64, failure *sim.Failure) error {
	fmt.Printf("FAILED: make sim SEED=%d OPS=%d (-db %s -strikes %d): %v\nshrinking for %s…\n", seed, s.ops, s.db, s.strikes, failure, s.shrink)
	if s.shrink <= 0 {
		return failure
	}
	ops, last := world.Shrink(ctx, sim.Generate(seed, s.ops, s.strikes), failure, s.shrink)
	fmt.Printf("%d operations are enough:\n", len(ops))
	for i, op := range ops {
		if i == printed {
			fmt.Println("… and more: give -shrink more time")
			break
		}
		fmt.Printf("%4d %s\n", i, op)
	}
	return last
}
