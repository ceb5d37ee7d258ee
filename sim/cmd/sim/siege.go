package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"pursuit/sim"
	"pursuit/sim/harness"
)

// siege kills servers and the database under load and reports what it cost.
func siege(ctx context.Context, s settings) (err error) {
	world, err := sim.OpenDurable(ctx, harness.Kind(s.db))
	defer func() { err = errors.Join(err, world.Close(s.keep || err != nil)) }()
	if err != nil {
		return err
	}
	s.siege.Seed = s.seed
	if s.db == string(harness.SQLite) {
		s.siege.DatabaseKills = 0 // it lives and dies with the server
	}
	began := time.Now()
	toll, err := world.Besiege(ctx, s.siege)
	slog.Info("besieged", "seed", s.seed, "db", s.db, "kills", toll.Kills, "database-kills", toll.DatabaseKills,
		"in-flight", toll.InFlight, "crew", toll.Crew, "seconds", int(time.Since(began).Seconds()), "ok", err == nil)
	if err != nil {
		fmt.Println("database and logs:", world.Dir())
	}
	return err
}
