package store_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

const (
	linesOpened = 6
	// idleLong is more than a line may lie idle before it is asked whether it still
	// hears.
	idleLong = 1100 * time.Millisecond
)

// When the lines to the database went deaf together, the first that is found so
// speaks for all: nobody waits for each of them in turn.
func TestOneDeafLineSpeaksForAll(t *testing.T) {
	t.Parallel()
	database, err := pgconn.ParseConfig(storetest.URL(t, store.Postgres))
	if err != nil {
		t.Fatal(err)
	}
	between := newMiddleman(t, database)
	through := url.URL{Scheme: "postgres", User: url.UserPassword(database.User, database.Password),
		Host: between.listener.Addr().String(), Path: database.Database, RawQuery: "sslmode=disable"}
	s := storetest.OpenURL(t, through.String())
	openLines(t, s, linesOpened)
	time.Sleep(idleLong)
	between.deaf.Store(true)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("a new line was to be had: %v", err)
	}
	if asked := between.unheard.Load(); asked != 1 {
		t.Errorf("%d deaf lines were asked one after the other, want 1", asked)
	}
	if err := s.Ping(t.Context()); err != nil || between.unheard.Load() != 1 {
		t.Errorf("then: %v, %d deaf lines asked", err, between.unheard.Load())
	}
}

// openLines makes the store hold a number of connections at once.
func openLines(t *testing.T, s *store.Store, count int) {
	t.Helper()
	var held, ended sync.WaitGroup
	held.Add(count)
	for range count {
		ended.Go(func() {
			err := store.InReading(context.Background(), s, func(*store.Reading) error {
				held.Done()
				held.Wait()
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	ended.Wait()
}

// middleman passes bytes between a store and its database. Lines that are open when
// deaf is set swallow what they get from then on, and never close; later ones are
// whole.
type middleman struct {
	listener net.Listener
	upstream *pgconn.Config
	deaf     atomic.Bool
	unheard  atomic.Int64 // lines that swallowed something
}

func newMiddleman(t *testing.T, upstream *pgconn.Config) *middleman {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &middleman{listener: listener, upstream: upstream}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go m.pass(t, near, m.deaf.Load())
		}
	}()
	return m
}

func (m *middleman) pass(t *testing.T, near net.Conn, whole bool) {
	network, address := pgconn.NetworkAddress(m.upstream.Host, m.upstream.Port)
	far, err := net.Dial(network, address)
	if err != nil {
		t.Error(err)
		return
	}
	go func() {
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}()
	defer func() { _ = far.Close() }()
	chunk, swallowed := make([]byte, 4096), false
	for {
		n, err := near.Read(chunk)
		if n > 0 && !whole && m.deaf.Load() {
			if !swallowed && chunk[0] != 'X' { // a goodbye asks nothing
				swallowed = true
				m.unheard.Add(1)
			}
			continue
		}
		if _, failed := far.Write(chunk[:n]); err != nil || failed != nil {
			return
		}
	}
}
