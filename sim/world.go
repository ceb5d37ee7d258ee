package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"pursuit/sim/harness"
)

// postgresInstances is how many servers share one Postgres: the promise is made
// for several, and three is the fewest with a majority to restart around.
const postgresInstances = 3

// calmAfter is how long after a strike a server may still refuse with a 5xx.
const calmAfter = 60 * time.Second

// World is the database and the servers that runs attack, one or many at a time.
type World struct {
	Site    *harness.Site
	Servers []*harness.Server
	Cluster *harness.Cluster

	dir     string
	trial   bool         // the servers are of the schema that is still to come
	mu      sync.Mutex   // one strike at a time
	setting sync.RWMutex // no strike while a stage is set
	struck  atomic.Int64
	strikes atomic.Int64
	serial  atomic.Int64
}

// Open builds the binary, makes an empty database of the kind and starts its
// servers: one on SQLite, three on Postgres.
func Open(ctx context.Context, kind harness.Kind) (*World, error) { return open(ctx, kind, false, "") }

// OpenDurable is Open with a Postgres that is set as users run it, fsync included.
func OpenDurable(ctx context.Context, kind harness.Kind) (*World, error) {
	return open(ctx, kind, true, "")
}

func open(ctx context.Context, kind harness.Kind, durable bool, tags string) (*World, error) {
	dir, err := os.MkdirTemp("", "pursuit-sim-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	w := &World{dir: dir, trial: tags == harness.TagTrial}
	binary, err := "", error(nil)
	if tags == "" {
		binary, err = harness.Build(ctx, dir)
	} else {
		binary, err = harness.BuildTagged(ctx, dir, tags)
	}
	if err != nil {
		return w, err
	}
	instances := 1
	if kind == harness.Postgres {
		instances = postgresInstances
		if w.Cluster, err = harness.NewCluster(ctx, filepath.Join(dir, "cluster"), durable); err != nil {
			return w, err
		}
	}
	if w.Site, err = harness.NewSite(ctx, kind, binary, dir, "sim", w.Cluster); err != nil {
		return w, err
	}
	w.Site.Env["PURSUIT_SCHEDULER_INTERVAL"] = "1s"
	for range instances {
		server, err := w.Site.Start(ctx, nil)
		if err != nil {
			return w, err
		}
		w.Servers = append(w.Servers, server)
	}
	return w, nil
}

// Close ends all processes; with keep, the folder with database and logs stays.
func (w *World) Close(keep bool) error {
	var all error
	for _, server := range w.Servers {
		all = errors.Join(all, server.Stop())
	}
	if w.Cluster != nil {
		all = errors.Join(all, w.Cluster.Stop())
	}
	if keep {
		return all
	}
	return errors.Join(all, os.RemoveAll(w.dir))
}

// Dir answers the folder with the database and the logs.
func (w *World) Dir() string { return w.dir }

// Strikes counts the processes that were killed or restarted.
func (w *World) Strikes() int64 { return w.strikes.Load() }

// calm tells whether nothing was struck lately.
func (w *World) calm() bool {
	return time.Since(time.UnixMilli(w.struck.Load())) > calmAfter
}

// strike ends and restarts what the kind names, after a pause in which requests
// get under way.
func (w *World) strike(ctx context.Context, kind Kind, which uint32, pause time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.setting.Lock()
	defer w.setting.Unlock()
	time.Sleep(pause)
	w.struck.Store(time.Now().UnixMilli())
	defer func() { w.struck.Store(time.Now().UnixMilli()) }()
	switch {
	case kind == strikeDatabase && w.Cluster != nil:
		w.strikes.Add(1)
		return errors.Join(w.Cluster.Kill(), w.Cluster.Start(ctx))
	case kind == strikeRolling:
		for _, server := range w.Servers {
			w.strikes.Add(1)
			if err := errors.Join(server.Stop(), server.Restart(ctx)); err != nil {
				return err
			}
		}
		return nil
	}
	w.strikes.Add(1)
	server := w.Servers[int(which)%len(w.Servers)]
	return errors.Join(server.Kill(), server.Restart(ctx))
}
