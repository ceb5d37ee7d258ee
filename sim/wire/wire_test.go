package wire

import (
	"context"
	"flag"
	"testing"
	"time"

	"pursuit/sim/crew"
	"pursuit/sim/harness"
)

// spellLength is how long each spell lasts: -args -spell 30s for a long run.
var spellLength = flag.Duration("spell", 500*time.Millisecond, "how long each spell of bad weather lasts")

const (
	// members is how many devices write at the same time.
	members = 4
	// recovery bounds how long everything may take to flow again by itself once the
	// line is whole: the longest limit of a transaction, and what a loaded machine needs.
	recovery = 60 * time.Second
)

func stage(t *testing.T, kind harness.Kind) *Stage {
	t.Helper()
	dir := t.TempDir()
	binary, err := harness.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewStage(t.Context(), kind, binary, dir)
	t.Cleanup(s.Close)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func enlist(t *testing.T, s *Stage, seed uint64, bases ...string) *crew.Crew {
	t.Helper()
	c, err := crew.Enlist(t.Context(), s.Program, crew.Plan{Seed: seed, Members: members, Bases: bases, Calm: s.Near.URL})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// weather lets a crew work through every spell on a link. After each, all that was
// written must flow again; at the end everything must be there exactly once.
func weather(t *testing.T, s *Stage, link *Link, c *crew.Crew) {
	t.Helper()
	for _, spell := range Spells() {
		before := c.Acknowledged()
		if err := link.Disturb(spell.Toxics...); err != nil {
			t.Fatal(err)
		}
		work(t, c, spell.Name, *spellLength/2)
		if spell.HalfOpen {
			link.HalfOpen()
		}
		work(t, c, spell.Name, *spellLength/2)
		under := c.Acknowledged() - before
		if err := link.Heal(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := c.Flush(t.Context(), recovery); err != nil {
			t.Fatalf("after %s: %v", spell.Name, err)
		}
		t.Logf("%-32s %4d acknowledged under it, all again after %s", spell.Name, under, time.Since(began).Round(time.Millisecond))
	}
	if err := c.Judge(t.Context()); err != nil {
		t.Error(err)
	}
	t.Log(&c.Stats)
	if c.Stats.Broken == 0 || c.Stats.Resent == 0 {
		t.Errorf("nothing was disturbed: %s", &c.Stats)
	}
}

func work(t *testing.T, c *crew.Crew, under string, length time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	if err := c.Work(ctx); err != nil {
		t.Fatalf("under %s: %v", under, err)
	}
}

// Devices behind a bad line lose nothing, double nothing and end up equal.
func TestDevicesBehindABadLine(t *testing.T) {
	for _, kind := range []harness.Kind{harness.SQLite, harness.Postgres} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := stage(t, kind)
			link, base, err := Before(s.Near)
			if err != nil {
				t.Fatal(err)
			}
			weather(t, s, link, enlist(t, s, 1, base))
		})
	}
}

// A bad line between one of two servers and the database loses nothing either, and
// the server comes back by itself.
func TestServerBehindABadLine(t *testing.T) {
	t.Parallel()
	s := stage(t, harness.Postgres)
	weather(t, s, s.Database, enlist(t, s, 2, s.Far.URL, s.Near.URL))
	awaitReady(t, s.Far, 200)
}
