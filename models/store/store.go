package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	sqlitegorm "github.com/libtnb/sqlite"
	pggorm "gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"pursuit/models"
)

const (
	sqliteReaders   = 8                // readers run beside the one writer; more gain nothing on a few cores
	postgresConns   = 24               // below the server's default of 100 with three instances
	checkpointPages = 4000             // pages of the write-ahead log (16 MB) before it is folded in: rows written one after the other share pages
	writerCache     = 16_000           // KiB
	readerCache     = 2_000            // KiB: a reader drops its cache at each commit of the writer, and taking pages anew costs more than having the few it uses again
	busyTimeout     = 10 * time.Second // a second process on the same SQLite file (a command) may hold the lock
	statementsLimit = 256              // prepared statements kept for the SQLite writer
)

// Config says which database to open.
type Config struct {
	URL   string       // postgres://… or sqlite://FILE
	Clock models.Clock // nil is the system's clock
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	Clock models.Clock

	url      string
	dialect  Dialect
	write    *gorm.DB
	read     *gorm.DB
	writeSQL *sql.DB
	readSQL  *sql.DB
	pool     *pgxpool.Pool // nil on SQLite
	// linesLost is when the idle connections were last thrown away, in Unix nanoseconds.
	linesLost atomic.Int64
	rebound   rebound
	prepared  preparedSet
	reader    reader
	commits   commitFeed

	growth     growth
	typedCache sync.Map // typedSQL by table number
	sessions   sessionFeed
	heard      heard
	jobCalls   jobCalls
}

// Open connects to the database and checks that it answers. It does not migrate.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s := &Store{Clock: cfg.Clock, url: cfg.URL}
	if s.Clock == nil {
		s.Clock = models.SystemClock(0)
	}
	var err error
	switch {
	case strings.HasPrefix(cfg.URL, "postgres://"), strings.HasPrefix(cfg.URL, "postgresql://"):
		s.dialect = Postgres
		err = s.openPostgres(ctx)
	case strings.HasPrefix(cfg.URL, "sqlite://"):
		s.dialect = SQLite
		err = s.openSQLite(ctx)
	default:
		return nil, fmt.Errorf("database URL must start with postgres:// or sqlite://")
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) openPostgres(ctx context.Context) error {
	cfg, err := pgxpool.ParseConfig(s.url)
	if err != nil {
		return fmt.Errorf("database URL is not a valid Postgres URL") // the cause would print the password
	}
	if !strings.Contains(s.url, "pool_max_conns") {
		cfg.MaxConns = postgresConns
	}
	s.watchLines(cfg)
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		cfg.ConnConfig.RuntimeParams["application_name"] = "pursuit"
	}
	s.pool, err = pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("open Postgres: %w", err)
	}
	s.writeSQL = stdlib.OpenDBFromPool(s.pool)
	s.readSQL = s.writeSQL
	s.write, err = gorm.Open(pggorm.New(pggorm.Config{Conn: s.writeSQL}), gormConfig())
	if err != nil {
		return fmt.Errorf("reach Postgres: %w", err)
	}
	s.read = s.write
	return nil
}

func (s *Store) openSQLite(ctx context.Context) error {
	file := strings.TrimPrefix(s.url, "sqlite://")
	if file == "" {
		return fmt.Errorf("sqlite:// needs a file name")
	}
	if dir := filepath.Dir(file); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the database folder: %w", err)
		}
	}
	// Made by us, the file (and with it its log) is readable by its owner alone.
	made, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open SQLite file: %w", err)
	}
	if err := made.Close(); err != nil {
		return fmt.Errorf("open SQLite file: %w", err)
	}
	if s.writeSQL, err = sql.Open("sqlite", sqliteDSN(file, false)); err != nil {
		return fmt.Errorf("open SQLite: %w", err)
	}
	s.writeSQL.SetMaxOpenConns(1)
	if err := s.writeSQL.PingContext(ctx); err != nil {
		return fmt.Errorf("open SQLite file: %w", err)
	}
	if s.readSQL, err = sql.Open("sqlite", sqliteDSN(file, true)); err != nil {
		return fmt.Errorf("open SQLite readers: %w", err)
	}
	s.readSQL.SetMaxOpenConns(sqliteReaders)
	s.readSQL.SetMaxIdleConns(sqliteReaders)
	if s.write, err = gorm.Open(sqlitegorm.New(sqlitegorm.Config{Conn: s.writeSQL}), gormConfig()); err != nil {
		return fmt.Errorf("reach SQLite: %w", err)
	}
	if s.read, err = gorm.Open(sqlitegorm.New(sqlitegorm.Config{Conn: s.readSQL}), gormConfig()); err != nil {
		return fmt.Errorf("reach SQLite: %w", err)
	}
	return nil
}

// sqliteDSN builds the connection string. The busy timeout stands first: the
// pragmas after it need it when another process holds the file.
func sqliteDSN(file string, readOnly bool) string {
	cache := writerCache
	if readOnly {
		cache = readerCache
	}
	q := url.Values{}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	q.Add("_pragma", "journal_mode(WAL)")
	q.Add("_pragma", "synchronous(FULL)") // an acknowledged mutation outlives a power cut
	q.Add("_pragma", "foreign_keys(1)")
	q.Add("_pragma", "temp_store(2)")
	q.Add("_pragma", fmt.Sprintf("cache_size(-%d)", cache))
	q.Add("_pragma", fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages))
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	} else {
		q.Add("_pragma", "secure_delete(1)") // what is purged, or was before an edit, is not to be found in the file
		q.Set("_txlock", "immediate")
	}
	return "file:" + fileURI(file) + "?" + q.Encode()
}

// fileURI is a file's name as the driver reads it, which takes %41 for an A.
func fileURI(file string) string { return strings.ReplaceAll(file, "%", "%25") }

func gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		Logger:                 logger.Discard, // its messages carry values
		TranslateError:         false,
		NowFunc:                func() time.Time { return models.Millis(time.Now()) },
	}
}

// Close ends every connection. It is safe to call more than once.
func (s *Store) Close() {
	s.growth.stop()
	s.prepared.close()
	s.reader.close()
	if s.readSQL != nil && s.readSQL != s.writeSQL {
		_ = s.readSQL.Close()
	}
	if s.writeSQL != nil {
		_ = s.writeSQL.Close()
	}
	if s.pool != nil {
		s.pool.Close()
	}
}

// Dialect tells which database this is, for logs and for the job driver.
func (s *Store) Dialect() Dialect { return s.dialect }

// SQLDB gives the pool that writes, for libraries that bring their own tables (the job queue).
func (s *Store) SQLDB() *sql.DB { return s.writeSQL }

// Pool gives the native Postgres pool, or nil on SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ping tells whether the database answers, and takes writes.
func (s *Store) Ping(ctx context.Context) error {
	if s.pool == nil {
		return s.readSQL.PingContext(ctx)
	}
	var readOnly bool
	if err := s.pool.QueryRow(ctx, `SELECT current_setting('transaction_read_only')::boolean`).Scan(&readOnly); err != nil {
		return fmt.Errorf("reach Postgres: %w", err)
	}
	if readOnly {
		return errors.New("the database takes no writes now: it is a standby, or set to read only")
	}
	return nil
}

// listenConn opens a connection of its own for LISTEN; it must not come from the pool.
func (s *Store) listenConn(ctx context.Context) (*pgx.Conn, error) {
	cfg := s.pool.Config().ConnConfig.Copy()
	cfg.RuntimeParams["application_name"] = listenerName
	return pgx.ConnectConfig(ctx, cfg)
}
