// Command pursuit serves a Ceasefire-style programme: phones that work offline and
// the server that brings their work together.
//
// One file a command; settings.go holds what can be set, application.go what a
// command needs to have open. There are no rules here.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // a small image has no zone files

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program without its process: it answers the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root, err := newRoot()
	if err == nil {
		root.SetArgs(args)
		root.SetOut(stdout)
		root.SetErr(stderr)
		err = root.ExecuteContext(ctx)
	}
	if err != nil {
		fmt.Fprintf(stderr, "pursuit: %v\n", err)
		return 1
	}
	return 0
}

func newRoot() (*cobra.Command, error) {
	root := &cobra.Command{
		Use:   "pursuit",
		Short: "Sync server for street outreach that keeps working offline",
		Long: `Pursuit is the sync server of a Ceasefire-style programme: outreach workers record
their attempts on phones that may be offline for weeks, and everybody in scope ends
with the same rows.

  pursuit bootstrap …    make a program with its first admin
  pursuit serve          answer phones and browsers
  pursuit serve --demo   try it on a fresh database with a year of invented work

Every setting is a flag or an environment variable (PURSUIT_ADDR for --addr); flags
win. Without any, the database is the SQLite file pursuit.db in this folder.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cfg, err := readSettings(root.PersistentFlags())
	if err != nil {
		return nil, err
	}
	root.AddCommand(newServe(cfg), newMigrate(cfg), newBootstrap(cfg), newConfig(cfg), newKeys(cfg), newRestored(cfg), newAudit(cfg), newImport(cfg), newPurge(cfg), newSubjectAccess(cfg), newReminders(cfg))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	wantSubcommands(root)
	return root, nil
}

// wantSubcommands makes the commands that do nothing by themselves fail when no command
// of theirs is named, or one that is none: with their help and success, which is what
// cobra gives, a script with a slip would believe that its work was done.
func wantSubcommands(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		wantSubcommands(sub)
		if sub.Name() == "help" {
			sub.Args = ofACommand
		}
	}
	if cmd.Runnable() || !cmd.HasSubCommands() {
		return
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var names []string
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				names = append(names, sub.Name())
			}
		}
		what := "needs a command"
		if len(args) > 0 {
			what = fmt.Sprintf("has no command %q", args[0])
		}
		return fmt.Errorf("%s %s; there are: %s (%s --help tells more)", cmd.CommandPath(), what, strings.Join(names, ", "), cmd.CommandPath())
	}
}

// ofACommand wants help to be asked of a command that there is.
func ofACommand(help *cobra.Command, args []string) error {
	if _, rest, err := help.Root().Find(args); err != nil || len(rest) > 0 {
		return fmt.Errorf("help: there is no command %q", strings.Join(args, " "))
	}
	return nil
}
