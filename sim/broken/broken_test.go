package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// faultsFewest is how many guarantees must be broken on purpose: below it the list
// has lost some.
const faultsFewest = 20

// TestPatches holds the patches to the code: each still applies, and the tests that
// must catch it are there.
func TestPatches(t *testing.T) {
	root, err := projectRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, err := faults(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < faultsFewest {
		t.Errorf("%d faults, want %d", len(list), faultsFewest)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		t.Run(f.name, func(t *testing.T) {
			if f.path, err = filepath.Abs(f.path); err != nil {
				t.Fatal(err)
			}
			if err := applies(t.Context(), root, f); err != nil {
				t.Errorf("the code has moved on; make the patch anew: %v", err)
			}
			for _, c := range f.catchers {
				if !exists(t, filepath.Join(root, c.pack), c.run) {
					t.Errorf("there is no test %s", c)
				}
			}
			if !strings.Contains(string(page), "`"+f.name+"`") {
				t.Errorf("docs/reliability.md does not list %s", f.name)
			}
		})
	}
}

// exists tells whether a package has the tests named.
func exists(t *testing.T, dir, run string) bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, name := range strings.Split(strings.Trim(strings.SplitN(run, "/", 2)[0], "^$()"), "|") {
		if !regexp.MustCompile(`func ` + regexp.QuoteMeta(strings.Trim(name, "^$")) + `\(`).MatchString(all.String()) {
			return false
		}
	}
	return true
}

// TestParseWantsItsLines: a patch that does not say what it breaks is refused.
func TestParseWantsItsLines(t *testing.T) {
	for _, text := range []string{"", "Breaks: a\nPromise: b\nCaught by: ./sync TestA\n", "Breaks: a\nCaught by: ./sync TestA\n\ndiff --git a b",
		"Breaks: a\nPromise: b\nCaught by: ./sync\n\ndiff --git a b"} {
		if one, err := parse("x", text); err == nil {
			t.Errorf("%q was taken: %+v", text, one)
		}
	}
	one, err := parse("x", "Breaks: a\nPromise: b\nCaught by: ./sync TestA\nCaught by: ./api TestB/c\n\ndiff --git a b")
	if err != nil || len(one.catchers) != 2 || one.catchers[1] != (catcher{"./api", "TestB/c"}) {
		t.Errorf("%+v, %v", one, err)
	}
}
