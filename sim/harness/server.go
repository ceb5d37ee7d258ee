package harness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// readyLimit bounds the wait for /readyz; the contract asks for one second on
	// the embedded database, a loaded machine gets more.
	readyLimit = 60 * time.Second
	// stopLimit bounds a graceful shutdown before it counts as hung.
	stopLimit = 30 * time.Second
)

// Server is one process serving a site at a fixed loopback address, so that it can
// be killed and started again under the devices' feet.
type Server struct {
	Site *Site
	URL  string

	port  int
	extra map[string]string
	mu    sync.Mutex
	cmd   *exec.Cmd
	done  chan struct{}
}

// Start runs a server of the site with extra settings and returns when /readyz
// answers 200.
func (s *Site) Start(ctx context.Context, extra map[string]string) (*Server, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	server := &Server{Site: s, URL: fmt.Sprintf("http://127.0.0.1:%d", port), port: port, extra: extra}
	return server, server.Restart(ctx)
}

// Set changes one extra setting; it holds from the next Restart on.
func (s *Server) Set(name, value string) {
	merged := map[string]string{name: value}
	for old, kept := range s.extra {
		if old != name {
			merged[old] = kept
		}
	}
	s.extra = merged
}

// Log answers the path of the server's output, shared by all of its lives.
func (s *Server) Log() string {
	return filepath.Join(s.Site.Dir, "server-"+strconv.Itoa(s.port)+".log")
}

// Restart starts the process again, at the same address, after Kill or Stop.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.launch(); err != nil {
		return err
	}
	deadline := time.Now().Add(readyLimit)
	for time.Now().Before(deadline) {
		select {
		case <-s.done:
			return fmt.Errorf("the server ended while starting:\n%s", tail(s.Log()))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
		if ready(ctx, s.URL) {
			return nil
		}
	}
	return fmt.Errorf("the server was not ready in %s:\n%s", readyLimit, tail(s.Log()))
}

func (s *Server) launch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	log, err := os.OpenFile(s.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the server's log: %w", err)
	}
	cmd := exec.Command(s.Site.Binary, "serve")
	cmd.Dir, cmd.Env = s.Site.Dir, s.Site.environment(s.extra)
	cmd.Env = append(cmd.Env, "PURSUIT_ADDR=127.0.0.1:"+strconv.Itoa(s.port))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("run the server: %w", err), log.Close())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The exit state is of no interest: a server that ended shows by not answering.
		_ = cmd.Wait()
		_ = log.Close()
	}()
	s.cmd, s.done = cmd, done
	return nil
}

func ready(ctx context.Context, base string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// tail answers the last part of a log, for a failure's message.
func tail(path string) string {
	const enough = 4000
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-enough):])
}

// Pid is the process's number, 0 when none runs.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// Kill ends the process at once (kill -9). Killing an ended server is no error.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

// Freeze stops the process where it stands, in the middle of a transaction if it is
// in one, until Thaw.
func (s *Server) Freeze() error { return s.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (s *Server) Thaw() error { return s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return errors.New("the server does not run")
	}
	if err := s.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("signal the server: %w", err)
	}
	return nil
}

// Stop asks the process to end and waits for it; one that hangs is killed and
// reported.
func (s *Server) Stop() error { return s.end(syscall.SIGTERM) }

func (s *Server) end(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return nil
	}
	cmd := s.cmd
	s.cmd = nil
	if err := cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal the server: %w", err)
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(stopLimit):
	}
	err := cmd.Process.Kill()
	<-s.done
	return errors.Join(fmt.Errorf("the server did not end in %s", stopLimit), err)
}
