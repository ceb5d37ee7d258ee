package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// clusterStartLimit bounds the wait for a cluster to answer, recovery included.
	clusterStartLimit = 60 * time.Second
	// pollEvery is the pause between two looks at something that is starting.
	pollEvery = 20 * time.Millisecond
	// clusterConnections lets three instances with their pools share a cluster.
	clusterConnections = 300
)

// Cluster is a private Postgres on a free loopback port, run by an unprivileged
// user, with its own folder and trust for local connections.
type Cluster struct {
	dir, bin string
	port     int
	durable  bool
	owner    *syscall.Credential
	mu       sync.Mutex
	process  *exec.Cmd
	done     chan struct{}
}

// NewCluster makes and starts a cluster under dir. With durable set, fsync is on:
// needed only where the machine itself could go down, for a killed process leaves
// its writes with the kernel; it is for tests of the settings users run with. A
// commit waits for its write in either case, or a kill would lose what was promised.
func NewCluster(ctx context.Context, dir string, durable bool) (*Cluster, error) {
	bin, err := postgresFolder()
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: filepath.Join(dir, "pg"), bin: bin, port: port, durable: durable}
	if err := c.own(dir); err != nil {
		return nil, err
	}
	initdb := c.command(ctx, "initdb", "-D", c.dir, "-U", "pursuit", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return c, c.Start(ctx)
}

// postgresFolder answers the programs' folder of the newest Postgres installed.
func postgresFolder() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		return "", errors.New("no Postgres under /usr/lib/postgresql: install the package postgresql")
	}
	sort.Slice(found, func(i, j int) bool { return postgresVersion(found[i]) < postgresVersion(found[j]) })
	return found[len(found)-1], nil
}

func postgresVersion(bin string) int {
	version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	if err != nil {
		return 0
	}
	return version
}

// own gives the cluster's folder to an unprivileged user when root runs the test:
// Postgres refuses to run as root.
func (c *Cluster) own(parent string) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return fmt.Errorf("make the cluster's folder: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return fmt.Errorf("find an unprivileged user: %w", err)
		}
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return fmt.Errorf("read the user's id: %w", err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return fmt.Errorf("read the group's id: %w", err)
	}
	c.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	for folder := parent; folder != "/" && strings.HasPrefix(folder, os.TempDir()) && folder != os.TempDir(); folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o711); err != nil {
			return fmt.Errorf("open the way to the cluster: %w", err)
		}
	}
	return os.Chown(c.dir, int(uid), int(gid))
}

func (c *Cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	if c.owner != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	}
	return cmd
}

// Start runs the cluster and returns once it answers a query. After Kill it may
// have to try again while the kernel buries the old processes.
func (c *Cluster) Start(ctx context.Context) error {
	deadline := time.Now().Add(clusterStartLimit)
	for {
		if err := c.launch(); err != nil {
			return err
		}
		err := c.await(ctx, deadline)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("start Postgres: %w", err)
		}
		time.Sleep(pollEvery)
	}
}

func (c *Cluster) launch() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	onOff := map[bool]string{true: "on", false: "off"}[c.durable]
	cmd := c.command(context.Background(), "postgres", "-D", c.dir, "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync="+onOff, "-c", "full_page_writes="+onOff, "-c", "synchronous_commit=on",
		"-c", "max_connections="+strconv.Itoa(clusterConnections), "-c", "autovacuum_naptime=5s")
	log, err := os.OpenFile(filepath.Join(filepath.Dir(c.dir), "postgres.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the cluster's log: %w", err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("run postgres: %w", err), log.Close())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The exit state is of no interest: whoever waits asks the database itself.
		_ = cmd.Wait()
		_ = log.Close()
	}()
	c.process, c.done = cmd, done
	return nil
}

// await returns nil once the cluster answers, or an error when its process ended.
func (c *Cluster) await(ctx context.Context, deadline time.Time) error {
	for time.Now().Before(deadline) {
		select {
		case <-c.done:
			return errors.New("the postmaster ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
		if err := c.exec(ctx, "select 1"); err == nil {
			return nil
		}
	}
	return errors.New("no answer in time")
}

func (c *Cluster) exec(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	for _, statement := range statements {
		if _, err = conn.Exec(ctx, statement); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

// URL answers how to connect to one database of the cluster.
func (c *Cluster) URL(database string) string {
	return fmt.Sprintf("postgres://pursuit@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

// Create makes an empty database.
func (c *Cluster) Create(ctx context.Context, database string) error {
	return c.exec(ctx, "create database "+pgx.Identifier{database}.Sanitize())
}

// Copy replaces database to by a copy of database from; nobody may be connected
// to either. It is how a test takes a backup and how it restores one.
func (c *Cluster) Copy(ctx context.Context, from, to string) error {
	source, target := pgx.Identifier{from}.Sanitize(), pgx.Identifier{to}.Sanitize()
	return c.exec(ctx, "drop database if exists "+target+" with (force)",
		"create database "+target+" template "+source)
}

// Kill ends the postmaster and all of its children at once, as a power cut would.
func (c *Cluster) Kill() error { return c.end(syscall.SIGKILL) }

// Stop ends the cluster in order, closing the connections that are open.
func (c *Cluster) Stop() error { return c.end(syscall.SIGINT) }

func (c *Cluster) end(signal syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return nil
	}
	pid := c.process.Process.Pid
	children := childrenOf(pid)
	if err := c.process.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal the postmaster: %w", err)
	}
	if signal == syscall.SIGKILL {
		for _, child := range children {
			// A child that ended by itself meanwhile is what was wanted.
			_ = syscall.Kill(child, syscall.SIGKILL)
		}
	}
	<-c.done
	c.process = nil
	return nil
}

// childrenOf lists the direct children of a process, read from /proc.
func childrenOf(pid int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var children []int
	for _, field := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(field); err == nil {
			children = append(children, child)
		}
	}
	return children
}
