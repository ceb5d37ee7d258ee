package harness

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // database/sql's driver for Intact
)

// commandLimit bounds one call of the command line.
const commandLimit = 2 * time.Minute

// Kind is one of the two databases that every test runs on.
type Kind string

// The two databases.
const (
	SQLite   Kind = "sqlite"
	Postgres Kind = "postgres"
)

// Site is one database with the working folder and the settings that its servers
// and commands share.
type Site struct {
	Kind    Kind
	Binary  string
	Dir     string
	Cluster *Cluster // nil on SQLite
	Env     map[string]string

	database string
}

// NewSite makes an empty database of the kind under dir. On Postgres the cluster
// must be running; name must be a fresh one there.
func NewSite(ctx context.Context, kind Kind, binary, dir, name string, cluster *Cluster) (*Site, error) {
	site := &Site{Kind: kind, Binary: binary, Dir: filepath.Join(dir, name), Cluster: cluster, database: name}
	site.Env = map[string]string{"PURSUIT_TEST": "1"}
	if err := os.MkdirAll(site.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the site's folder: %w", err)
	}
	if kind == Postgres {
		return site, cluster.Create(ctx, name)
	}
	return site, nil
}

// URL answers the database's address as PURSUIT_DATABASE_URL takes it.
func (s *Site) URL() string {
	if s.Kind == Postgres {
		return s.Cluster.URL(s.database)
	}
	return "sqlite://" + s.file()
}

func (s *Site) file() string { return filepath.Join(s.Dir, "pursuit.db") }

// environment is the process environment without any setting of its own for
// pursuit, and then the site's.
func (s *Site) environment(extra map[string]string) []string {
	var list []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "PURSUIT_") {
			list = append(list, pair)
		}
	}
	list = append(list, "PURSUIT_DATABASE_URL="+s.URL())
	for _, settings := range []map[string]string{s.Env, extra} {
		for name, value := range settings {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// Output is what a call of the command line left behind.
type Output struct {
	Stdout, Stderr string
	Code           int
}

// Command runs the binary with the site's settings and waits for its end. A code
// other than 0 is no error of Command: it stands in the output.
func (s *Site) Command(ctx context.Context, extra map[string]string, args ...string) (Output, error) {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, s.Binary, args...)
	cmd.Dir, cmd.Env = s.Dir, s.environment(extra)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	out := Output{Stdout: stdout.String(), Stderr: stderr.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		out.Code = exit.ExitCode()
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("run pursuit %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}

// Backup copies the database aside under a name. No server may be running.
func (s *Site) Backup(ctx context.Context, name string) error {
	if s.Kind == Postgres {
		return s.Cluster.Copy(ctx, s.database, s.database+"_"+name)
	}
	return copyDatabase(s.file(), s.file()+"."+name)
}

// Restore puts the database back to a backup. No server may be running.
func (s *Site) Restore(ctx context.Context, name string) error {
	if s.Kind == Postgres {
		return s.Cluster.Copy(ctx, s.database+"_"+name, s.database)
	}
	return copyDatabase(s.file()+"."+name, s.file())
}

// Intact checks every page and index of a SQLite file.
func (s *Site) Intact(ctx context.Context) error {
	database, err := sql.Open("sqlite", "file:"+s.file()+"?_pragma=query_only(1)")
	if err != nil {
		return fmt.Errorf("open the file: %w", err)
	}
	var verdict string
	err = database.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("the file is damaged: %s", verdict)
	}
	return errors.Join(err, database.Close())
}

// copyDatabase copies a SQLite file together with its write-ahead log, and
// removes a log that the copy must not have.
func copyDatabase(from, to string) error {
	for _, suffix := range []string{"", "-wal"} {
		if err := os.Remove(to + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the old copy: %w", err)
		}
		if err := copyFile(from+suffix, to+suffix); err != nil && (suffix == "" || !errors.Is(err, os.ErrNotExist)) {
			return err
		}
	}
	if err := os.Remove(to + "-shm"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the old index: %w", err)
	}
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("open the source: %w", err)
	}
	defer func() { _ = source.Close() }() // read only: nothing can be lost
	target, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// FreePort answers a loopback port that was free a moment ago.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}
