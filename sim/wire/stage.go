package wire

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"pursuit/sim/harness"
)

// Stage is a database with its servers. On PostgreSQL there are two, and the first
// reaches its database through a link; the second and all commands go direct.
type Stage struct {
	Site    *harness.Site
	Far     *harness.Server // behind Database, on PostgreSQL
	Near    *harness.Server // the same server on SQLite
	Program *harness.Program
	// Database is the link between Far and its database; nil on SQLite.
	Database *Link

	cluster *harness.Cluster
}

// NewStage starts an empty database of the kind and its servers under dir.
func NewStage(ctx context.Context, kind harness.Kind, binary, dir string) (*Stage, error) {
	s := &Stage{}
	var err error
	if kind == harness.Postgres {
		if s.cluster, err = harness.NewCluster(ctx, filepath.Join(dir, "cluster"), false); err != nil {
			return s, err
		}
	}
	if s.Site, err = harness.NewSite(ctx, kind, binary, dir, "wire", s.cluster); err != nil {
		return s, err
	}
	s.Site.Env["PURSUIT_SCHEDULER_INTERVAL"] = "1s"
	if s.Near, err = s.Site.Start(ctx, nil); err != nil {
		return s, err
	}
	s.Far = s.Near
	if kind == harness.Postgres {
		if err = s.far(ctx); err != nil {
			return s, err
		}
	}
	s.Program, err = s.Site.Bootstrap(ctx, s.Near.URL, "wire")
	return s, err
}

// far starts the server whose database is behind a link.
func (s *Stage) far(ctx context.Context) error {
	database, err := url.Parse(s.Site.URL())
	if err != nil {
		return fmt.Errorf("read the database's address: %w", err)
	}
	if s.Database, err = NewLink(database.Host); err != nil {
		return err
	}
	database.Host = s.Database.Address()
	s.Far, err = s.Site.Start(ctx, map[string]string{"PURSUIT_DATABASE_URL": database.String()})
	return err
}

// Before puts a link before a server and answers it with the address that devices
// call.
func Before(server *harness.Server) (*Link, string, error) {
	link, err := NewLink(strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		return nil, "", err
	}
	return link, "http://" + link.Address(), nil
}

// Close ends the servers and the database.
func (s *Stage) Close() {
	for _, server := range []*harness.Server{s.Far, s.Near} {
		if server != nil {
			_ = server.Kill() // what it may have left is of no interest
		}
	}
	if s.cluster != nil {
		_ = s.cluster.Kill()
	}
}
