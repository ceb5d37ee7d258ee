package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// catcher is a test that must fail.
type catcher struct{ pack, run string }

func (c catcher) String() string { return c.pack + " " + c.run }

// fault is one patch: what it breaks and what must notice.
type fault struct {
	name     string // of the file, without .patch
	path     string
	breaks   string
	promise  string
	catchers []catcher
}

// faults reads every patch of a folder, by name.
func faults(dir string) ([]fault, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, fmt.Errorf("list patches: %w", err)
	}
	sort.Strings(paths)
	list := make([]fault, 0, len(paths))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read a patch: %w", err)
		}
		one, err := parse(strings.TrimSuffix(filepath.Base(path), ".patch"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		one.path = path
		list = append(list, one)
	}
	return list, nil
}

// parse reads the lines above a diff: `Breaks:`, `Promise:` and, once or more,
// `Caught by: PACKAGE TESTS` with TESTS as `go test -run` takes them.
func parse(name, text string) (fault, error) {
	head, _, found := strings.Cut(text, "\ndiff --git ")
	if !found {
		return fault{}, errors.New("there is no diff")
	}
	one := fault{name: name}
	for _, line := range strings.Split(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "Breaks":
			one.breaks = value
		case "Promise":
			one.promise = value
		case "Caught by":
			pack, run, ok := strings.Cut(value, " ")
			if !ok {
				return one, fmt.Errorf("%q names no package and tests", value)
			}
			one.catchers = append(one.catchers, catcher{pack, run})
		}
	}
	if one.breaks == "" || one.promise == "" || len(one.catchers) == 0 {
		return one, errors.New("wants the lines Breaks, Promise and Caught by above the diff")
	}
	return one, nil
}
