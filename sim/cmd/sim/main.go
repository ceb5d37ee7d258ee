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
	seed              uint64
	plan              sim.Plan
	programs, repeats int
	db                string
	shrink, span      time.Duration
	keep, restore     bool
	apps, collect     bool
	siege             sim.Siege
}

func main() {
	var s settings
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "seed of the first program; 0 or absent draws one")
	flag.IntVar(&s.plan.Ops, "ops", 2000, "operations a program")
	flag.IntVar(&s.plan.Strikes, "strikes", 6, "kills and restarts a round")
	flag.IntVar(&s.plan.Offline, "offline", 1, "how much longer people work between two exchanges than in the usual mix")
	flag.IntVar(&s.programs, "programs", 1, "programs under attack at the same time, with seeds that follow each other")
	flag.IntVar(&s.repeats, "repeats", 1, "rounds, with seeds that follow each other")
	flag.DurationVar(&s.span, "for", 0, "go on for so long with fresh databases and the seeds that follow; 0 is once")
	flag.StringVar(&s.db, "db", "sqlite", "sqlite or postgres")
	flag.IntVar(&s.siege.Kills, "kills", 0, "instead of the simulation: kill -9 of a server under load, so many times")
	flag.IntVar(&s.siege.DatabaseKills, "database-kills", 0, "with -kills: kill -9 of all of Postgres besides, so many times")
	flag.IntVar(&s.siege.Members, "members", 8, "with -kills: devices that write without pause")
	flag.DurationVar(&s.shrink, "shrink", 3*time.Minute, "time to look for a shorter failure")
	flag.BoolVar(&s.restore, "restore", false, "with one program: end each round with a lost database, put back from a backup")
	flag.BoolVar(&s.apps, "apps", false, "servers of the schema that is still to come, with apps of both")
	flag.BoolVar(&s.collect, "collect", false, "with one program and round: end with an absence of 401 days, and what is old collected while devices pull")
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

func run(ctx context.Context, s settings) error {
	if s.db != string(harness.SQLite) && s.db != string(harness.Postgres) {
		return fmt.Errorf("no database %q: sqlite or postgres", s.db)
	}
	if s.siege.Kills > 0 {
		return siege(ctx, s)
	}
	var sum total
	defer func() {
		slog.Info("in all", "from", s.seed, "db", s.db, "offline", s.plan.Offline, "total", sum.String())
	}()
	for began, seed := time.Now(), s.seed; ; seed += uint64(s.repeats * s.programs) {
		if err := database(ctx, s, seed, &sum); err != nil {
			return err
		}
		if time.Since(began) >= s.span || ctx.Err() != nil {
			return nil
		}
	}
}

// database plays the rounds of one fresh database.
func database(ctx context.Context, s settings, seed uint64, sum *total) (err error) {
	opened := sim.Open
	if s.apps {
		opened, s.plan.Apps = sim.OpenTrial, true
	}
	world, err := opened(ctx, harness.Kind(s.db))
	defer func() {
		sum.strikes += world.Strikes()
		err = errors.Join(err, world.Close(s.keep || err != nil))
	}()
	if err != nil {
		return err
	}
	for round := range s.repeats {
		if err := play(ctx, world, s, seed+uint64(round*s.programs), sum); err != nil {
			fmt.Println("database and logs:", world.Dir())
			return err
		}
	}
	return nil
}

// play attacks all programs of a round and reports the first failure, shrunk.
func play(ctx context.Context, world *sim.World, s settings, seed uint64, sum *total) error {
	errs := make([]error, s.programs)
	started := time.Now()
	var group sync.WaitGroup
	for i := range s.programs {
		group.Go(func() {
			mine := seed + uint64(i)
			played, err := world.Play(ctx, sim.Generate(mine, s.plan), i == 0)
			if err == nil && s.restore && s.programs == 1 {
				err = played.Restore(ctx, mine)
			}
			if err == nil && s.collect && s.programs == 1 && s.repeats == 1 {
				err = played.Collect(ctx, mine)
			}
			errs[i] = err
			if err == nil {
				sum.add(played.Stats)
			}
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
	fmt.Printf("FAILED: go run ./sim/cmd/sim -seed %d -ops %d -strikes %d -offline %d -apps=%v -db %s: %v\nshrinking for %s…\n", seed, s.plan.Ops, s.plan.Strikes, s.plan.Offline, s.apps, s.db, failure, s.shrink)
	if s.shrink <= 0 {
		return failure
	}
	ops, last := world.Shrink(ctx, sim.Generate(seed, s.plan), failure, s.shrink)
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
