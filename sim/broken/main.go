package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	only := flag.String("only", "", "break only what has one of these words in its name, with commas")
	trust := flag.Bool("trust", false, "do not see first that each test passes without a fault")
	check := flag.Bool("check", false, "only tell whether each patch applies")
	verbose := flag.Bool("v", false, "show what the tests said")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, strings.Split(*only, ","), *check, options{trust: *trust, verbose: *verbose}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are how faults are tried.
type options struct {
	trust   bool // the tests are known to pass as they are
	verbose bool
}

func run(ctx context.Context, only []string, check bool, how options) error {
	root, err := projectRoot(ctx)
	if err != nil {
		return err
	}
	list, err := faults(filepath.Join(root, "sim", "broken"))
	if err != nil {
		return err
	}
	chosen := list[:0]
	for _, f := range list {
		if slices.ContainsFunc(only, func(word string) bool { return strings.Contains(f.name, word) }) {
			chosen = append(chosen, f)
		}
	}
	if check {
		for _, f := range chosen {
			err = errors.Join(err, applies(ctx, root, f))
		}
		return err
	}
	t, err := newTree(ctx, root)
	if err != nil {
		return err
	}
	err = breakAll(ctx, t, chosen, how)
	return errors.Join(err, t.remove(context.WithoutCancel(ctx)))
}

// breakAll puts in one fault after another and prints a line of the table for each.
func breakAll(ctx context.Context, t *tree, list []fault, how options) error {
	sound := map[catcher]bool{}
	if how.trust {
		for _, f := range list {
			for _, c := range f.catchers {
				sound[c] = true
			}
		}
	}
	unnoticed := 0
	fmt.Printf("%-26s %-8s %6s  %s\n", "fault", "", "", "test")
	for _, f := range list {
		for _, c := range f.catchers {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			begin := time.Now()
			verdict, out := broken(ctx, t, f, c, sound)
			if verdict != "caught" {
				unnoticed++
			}
			fmt.Printf("%-26s %-8s %5.0fs  %s\n", f.name, verdict, time.Since(begin).Seconds(), c)
			if how.verbose || verdict != "caught" {
				fmt.Println(out)
			}
		}
	}
	if unnoticed > 0 {
		return fmt.Errorf("%d faults were not caught by a test that should", unnoticed)
	}
	return nil
}

// broken tells what a test makes of a fault; it must pass without it, which is tried
// once a test.
func broken(ctx context.Context, t *tree, f fault, c catcher, sound map[catcher]bool) (verdict, out string) {
	if !sound[c] {
		if got, out := t.test(ctx, c); got != passed {
			return "unsound", "the test fails without any fault:\n" + out
		}
		sound[c] = true
	}
	if err := t.put(ctx, f); err != nil {
		return "rotten", err.Error()
	}
	got, out := t.test(ctx, c)
	if err := t.take(ctx, f); err != nil {
		return "rotten", err.Error()
	}
	return map[outcome]string{passed: "MISSED", failed: "caught", unfit: "unfit"}[got], out
}
