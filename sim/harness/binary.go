package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// BinaryVariable names the setting that hands a ready binary to the tests, so
// that a run under another build (race detector, coverage) needs no change here.
const BinaryVariable = "PURSUIT_SIM_BINARY"

// Build tags of docs/adr/0010-schema-versions.md.
const (
	TagTrial   = "trial"
	TagRetired = "trial,retired"
)

// buildLimit bounds one build: a cold one takes about two minutes on two cores.
const buildLimit = 10 * time.Minute

// Build compiles ./cmd/pursuit into dir and answers the path of the binary. With
// PURSUIT_SIM_BINARY set it builds nothing and answers that path.
func Build(ctx context.Context, dir string) (string, error) {
	if ready := os.Getenv(BinaryVariable); ready != "" {
		return ready, nil
	}
	return BuildTagged(ctx, dir, "")
}

// BuildTagged compiles ./cmd/pursuit with build tags, separated by commas, and
// answers the path of the binary: TagTrial is a server of a schema that is still to
// come, with TagRetired one that does not serve the first any more.
func BuildTagged(ctx context.Context, dir, tags string) (string, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	path := filepath.Join(dir, strings.ReplaceAll("pursuit,"+tags, ",", "-"))
	build := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-o", path, "./cmd/pursuit")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build ./cmd/pursuit: %w\n%s", err, out)
	}
	return path, nil
}

// moduleRoot answers the folder of the go.mod that the caller stands in.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
