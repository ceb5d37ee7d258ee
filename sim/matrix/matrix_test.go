package matrix

import (
	"context"
	"testing"

	"pursuit/sim/harness"
)

// scene is a server on one database with two programs that know nothing of each
// other: the home, whose people ask, and the abroad, which must stay unheard of.
type scene struct {
	server *harness.Server
	home   *city
	abroad *city
	soil   *soil
}

// TestMatrix asks everything on both databases. A machine without Postgres fails:
// half of the promise would go unchecked.
func TestMatrix(t *testing.T) {
	dir := t.TempDir()
	binary, err := harness.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []harness.Kind{harness.SQLite, harness.Postgres} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := stage(t, kind, binary, dir)
			paths := document(t)
			t.Run("audit", func(t *testing.T) { audit(t, s) })
			t.Run("receives", func(t *testing.T) { receives(t, s) })
			t.Run("tables", func(t *testing.T) { tables(t, s) })
			t.Run("references", func(t *testing.T) { references(t, s) })
			t.Run("routes", func(t *testing.T) { routes(t, s, paths) })
			t.Run("tokens", func(t *testing.T) { tokens(t, s, paths) })
			t.Run("methods", func(t *testing.T) { methods(t, s, paths) })
			t.Run("wall", func(t *testing.T) { wall(t, s, paths) })
			t.Run("silence", func(t *testing.T) { silence(t, s) })
			t.Run("expired", func(t *testing.T) { expired(t, s, paths) })
		})
	}
}

// stage starts a server that logs as much as it can and fills two programs.
func stage(t *testing.T, kind harness.Kind, binary, dir string) *scene {
	t.Helper()
	var cluster *harness.Cluster
	if kind == harness.Postgres {
		var err error
		if cluster, err = harness.NewCluster(t.Context(), dir, false); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := cluster.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	site, err := harness.NewSite(t.Context(), kind, binary, dir, "matrix_"+string(kind), cluster)
	if err != nil {
		t.Fatal(err)
	}
	server, err := site.Start(t.Context(), map[string]string{"PURSUIT_LOG_LEVEL": "debug"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := &scene{server: server, soil: &soil{}}
	s.home, s.abroad = s.city(t, site, "home"), s.city(t, site, "abroad")
	return s
}

func ctx(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }
