package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"syscall"
	"time"
)

const (
	startLimit  = 60 * time.Second // initdb and start take three; a loaded machine more
	startPoll   = 20 * time.Millisecond
	connections = "400" // tests run side by side, each with pools of two instances
	clusterUser = "pursuit"
)

// untilClosed runs a server until standard input closes, which happens when the
// test process ends, in whatever way; then it stops the server and removes its folder.
const untilClosed = `"$@" & server=$!; read -r _; kill -QUIT $server; wait $server; rm -rf "$CLUSTER"`

// postgres is a server for this test process. Whoever drops it, drops the server:
// the pipe is closed when nobody holds it any more.
type postgres struct {
	url  string
	life io.WriteCloser // nil for a server that somebody else started
}

// startCluster makes a throw-away Postgres.
func startCluster() (postgres, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return postgres{}, err
	}
	dir, err := os.MkdirTemp("", "pursuit-pg-")
	if err != nil {
		return postgres{}, fmt.Errorf("make the server's folder: %w", err)
	}
	as, err := unprivileged(dir)
	if err != nil {
		return postgres{}, err
	}
	tables := filepath.Join(dir, "pg")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", tables, "-U", clusterUser, "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, as
	if out, err := initdb.CombinedOutput(); err != nil {
		return postgres{}, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	run := exec.Command("sh", "-c", untilClosed, "sh", filepath.Join(bin, "postgres"), "-D", tables, "-k", dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
		"-c", "max_connections="+connections, "-c", "shared_buffers=64MB", "-c", "log_min_messages=fatal",
		"-c", "autovacuum_naptime=10s")
	run.Dir, run.SysProcAttr = dir, as
	run.Env = append(os.Environ(), "CLUSTER="+dir)
	life, err := run.StdinPipe() // held open, never written: see untilClosed
	if err != nil {
		return postgres{}, fmt.Errorf("tie the server to this process: %w", err)
	}
	if err := run.Start(); err != nil {
		return postgres{}, fmt.Errorf("start Postgres: %w", err)
	}
	base := fmt.Sprintf("postgres://%s@/postgres?host=%s", clusterUser, dir)
	return postgres{base, life}, awaitServer(base)
}

// postgresPrograms answers the folder of the newest Postgres installed.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		return "", errors.New("no programs under /usr/lib/postgresql; install the package postgresql")
	}
	version := func(i int) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(found[i]))) // a folder without a number sorts first
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(i) < version(j) })
	return found[len(found)-1], nil
}

// unprivileged gives the folder to a user who is not root, as whom Postgres must
// run. Nil attributes mean that we are not root ourselves.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("find a user who is not root: %w", err)
		}
	}
	uid, err1 := strconv.ParseUint(account.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
		return nil, fmt.Errorf("hand over the server's folder: %w", err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func awaitServer(base string) error {
	deadline := time.Now().Add(startLimit)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		err := execute(ctx, base, `SELECT 1`)
		cancel()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(startPoll)
	}
}
