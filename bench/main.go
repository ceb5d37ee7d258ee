// Command bench measures a running server against the floor: the same work with
// nothing around it. It prints ratios from one run, for machines differ and are noisy.
//
//	go run ./bench            both databases, full size
//	go run ./bench -quick     a tenth of the size
//
// The floors: for a push, the same rows through the bare driver in the same number
// of transactions, the sequence taken last; for a first pull, an Echo route that
// verifies the token and streams the same stored documents; for an idle pull, an
// Echo route that verifies the token and reads one row by primary key.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"pursuit/sim/harness"
)

// limit bounds one database's run.
const limit = 20 * time.Minute

func main() {
	quick := flag.Bool("quick", false, "a tenth of the size")
	only := flag.String("db", "", "sqlite or postgres; both when not given")
	part := flag.String("only", "", "push, pull, idle, delta, digest, live, remind, reports or start; all when not given")
	flag.Parse()
	if err := run(*quick, *only, *part); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(quick bool, only, part string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	dir, err := os.MkdirTemp("", "pursuit-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	binary, err := harness.Build(ctx, dir)
	if err != nil {
		return err
	}
	for _, kind := range []harness.Kind{harness.SQLite, harness.Postgres} {
		if only != "" && only != string(kind) {
			continue
		}
		if err := bench(ctx, kind, binary, dir, quick, part); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// stand is one database with a server and a program on it.
type stand struct {
	kind    harness.Kind
	site    *harness.Site
	server  *harness.Server
	program *harness.Program
	quick   bool
}

func bench(ctx context.Context, kind harness.Kind, binary, dir string, quick bool, part string) error {
	var cluster *harness.Cluster
	var err error
	if kind == harness.Postgres {
		if cluster, err = harness.NewCluster(ctx, dir, true); err != nil {
			return err
		}
		defer cluster.Stop()
	}
	site, err := harness.NewSite(ctx, kind, binary, dir, "bench_"+string(kind), cluster)
	if err != nil {
		return err
	}
	begin := time.Now()
	s := &stand{kind: kind, site: site, quick: quick}
	if s.server, err = site.Start(ctx, map[string]string{"PURSUIT_LOG_LEVEL": "warn"}); err != nil {
		return err
	}
	defer s.server.Stop()
	fmt.Printf("%-9s start to first answer, schema made      %6.2f s\n", kind, time.Since(begin).Seconds())
	if s.program, err = site.Bootstrap(ctx, s.server.URL, "bench"); err != nil {
		return err
	}
	steps := []struct {
		name string
		do   func(context.Context) error
	}{{"push", s.push}, {"idle", s.idle}, {"pull", s.pull}, {"delta", s.delta}, {"digest", s.digest}, {"live", s.streams}, {"remind", s.remind},
		{"reports", s.reports}, {"start", s.restart}}
	for _, step := range steps {
		if part != "" && part != step.name {
			continue
		}
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// size gives n, or a tenth of it in a quick run.
func (s *stand) size(n int) int {
	if s.quick {
		return max(1, n/10)
	}
	return n
}

func (s *stand) report(what, unit string, ours, floor float64) {
	fmt.Printf("%-9s %-42s ours %9.0f  floor %9.0f %s  ratio %.2f\n", s.kind, what, ours, floor, unit, ours/floor)
}

// restart measures from the start of the process to the first answer on a database
// that holds everything the other parts left.
func (s *stand) restart(ctx context.Context) error {
	if err := s.server.Stop(); err != nil {
		return err
	}
	begin := time.Now()
	if err := s.server.Restart(ctx); err != nil {
		return err
	}
	fmt.Printf("%-9s start to first answer, full database      %6.2f s\n", s.kind, time.Since(begin).Seconds())
	return nil
}
