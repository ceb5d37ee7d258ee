package contract

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"pursuit/sim/harness"
)

// scenario is one promise of the contract and how it is checked.
type scenario struct {
	name  string
	check func(t *testing.T, at *place)
}

// section is the scenarios of one section of docs/protocol.md.
type section struct {
	name      string
	scenarios []scenario
}

func sections() []section {
	return []section{
		{"start", startScenarios()}, {"problems", problemScenarios()}, {"signin", signinScenarios()},
		{"refresh", refreshScenarios()}, {"devices", deviceScenarios()}, {"people", accountScenarios()},
		{"push", pushScenarios()}, {"codes", codeScenarios()}, {"rules", ruleScenarios()}, {"replay", replayScenarios()},
		{"defer", deferScenarios()}, {"clock", clockScenarios()}, {"merge", mergeScenarios()},
		{"conflict", conflictScenarios()}, {"scope", scopeScenarios()}, {"roles", roleScenarios()}, {"wall", wallScenarios()},
		{"pull", pullScenarios()}, {"cursor", cursorScenarios()}, {"late", lateScenarios()},
		{"quarantine", quarantineScenarios()}, {"live", liveScenarios()}, {"digest", digestScenarios()},
		{"reset", resetScenarios()}, {"later", laterScenarios()}, {"schema", schemaScenarios()},
	}
}

// place is where a scenario runs: a server on one database.
type place struct {
	kind   harness.Kind
	site   *harness.Site
	server *harness.Server

	binary  string
	dir     string
	cluster *harness.Cluster
	serial  *atomic.Int64
}

// TestContract runs every scenario on both databases. A machine without Postgres
// fails: half of the promise would go unchecked.
func TestContract(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	binary, err := harness.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []harness.Kind{harness.SQLite, harness.Postgres} {
		t.Run(string(kind), func(t *testing.T) {
			at := &place{kind: kind, binary: binary, dir: dir, serial: new(atomic.Int64)}
			if kind == harness.Postgres {
				at.cluster = startCluster(t, dir)
			}
			shared := at.own(t, nil)
			for _, section := range sections() {
				t.Run(section.name, func(t *testing.T) {
					t.Parallel() // scenarios mostly wait: all sections share one pool
					runSection(t, shared, section.scenarios)
				})
			}
		})
	}
}

func runSection(t *testing.T, at *place, scenarios []scenario) {
	for _, scenario := range scenarios {
		t.Run(strings.ReplaceAll(scenario.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			scenario.check(t, at)
		})
	}
}

func startCluster(t *testing.T, dir string) *harness.Cluster {
	t.Helper()
	cluster, err := harness.NewCluster(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	return cluster
}

// own starts a server on a database of its own, which ends with the test.
func (p *place) own(t *testing.T, extra map[string]string) *place {
	t.Helper()
	name := fmt.Sprintf("%s%d", p.kind, p.serial.Add(1))
	site, err := harness.NewSite(t.Context(), p.kind, p.binary, p.dir, name, p.cluster)
	if err != nil {
		t.Fatal(err)
	}
	server, err := site.Start(t.Context(), extra)
	if err != nil {
		t.Fatal(err)
	}
	mine := *p
	mine.site, mine.server = site, server
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &mine
}

// program makes a fresh program on the place's server.
func (p *place) program(t *testing.T) *town {
	t.Helper()
	program, err := p.site.Bootstrap(t.Context(), p.server.URL, fmt.Sprintf("m%d", p.serial.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	return &town{t: t, ctx: context.WithoutCancel(t.Context()), at: p, Program: program}
}
