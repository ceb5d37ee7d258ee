package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// testLimit bounds the tests of one fault: a fault may well be that something waits
// for ever, and then the limit is what fails it.
const testLimit = 5 * time.Minute

// tree is a copy of the project, as committed, that may be broken.
type tree struct{ root, dir string }

// newTree checks HEAD out beside the project.
func newTree(ctx context.Context, root string) (*tree, error) {
	parent, err := os.MkdirTemp("", "pursuit-broken")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	t := &tree{root: root, dir: filepath.Join(parent, "tree")}
	_, err = command(ctx, root, "git", "worktree", "add", "--quiet", "--detach", t.dir, "HEAD")
	return t, err
}

// remove takes the copy away.
func (t *tree) remove(ctx context.Context) error {
	_, err := command(ctx, t.root, "git", "worktree", "remove", "--force", t.dir)
	return errors.Join(err, os.RemoveAll(filepath.Dir(t.dir)))
}

// put applies a fault; take removes it again.
func (t *tree) put(ctx context.Context, f fault) error {
	_, err := command(ctx, t.dir, "git", "apply", f.path)
	return err
}

func (t *tree) take(ctx context.Context, f fault) error {
	_, err := command(ctx, t.dir, "git", "apply", "--reverse", f.path)
	return err
}

// outcome is what became of a run of tests.
type outcome int

const (
	passed outcome = iota
	failed         // a test failed, or ran out of time
	unfit          // nothing was tested: it does not compile, or there is no such test
)

// test runs tests of a package of the copy.
func (t *tree) test(ctx context.Context, c catcher) (outcome, string) {
	out, err := command(ctx, t.dir, "go", "test", c.pack, "-run", c.run, "-count=1", "-timeout", testLimit.String())
	switch {
	case strings.Contains(out, "[no tests to run]"), strings.Contains(out, "[build failed]"), strings.Contains(out, "[setup failed]"):
		return unfit, out
	case err == nil:
		return passed, out
	case strings.Contains(out, "--- FAIL"), strings.Contains(out, "panic: test timed out"), strings.Contains(out, "panic:"):
		return failed, out
	}
	return unfit, out
}

// applies tells whether a fault can be put into the files as they are.
func applies(ctx context.Context, root string, f fault) error {
	_, err := command(ctx, root, "git", "apply", "--check", f.path)
	return err
}

func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out.String())
	}
	return out.String(), nil
}

// projectRoot answers the folder of the go.mod that the caller stands in.
func projectRoot(ctx context.Context) (string, error) {
	out, err := command(ctx, ".", "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(out)), nil
}
