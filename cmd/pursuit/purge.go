package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"pursuit/models"
	"pursuit/retention"
)

func newPurge(s *settings) *cobra.Command {
	var dry bool
	var program string
	cmd := &cobra.Command{
		Use:   "purge",
		Short: "Take out persons whose time is over by the program's schedule",
		Long: `Takes persons out for good when none of their services goes on and nothing of theirs
has changed for as long as the setting retention_days says. A legal_hold stops it; an
organisation's hold or longer schedule keeps whom it holds; without a schedule nobody
goes. The counts of summaries stay. Devices drop what they hold of them.

A SQLite file is then written anew, so that nothing deleted before is left in its free
pages: writers wait for it, and it needs the room of the file twice for as long.

Prints for each program what was done, as a line of JSON. With --dry-run it tells what
would be done and changes nothing.`,
		Example: "  pursuit purge --dry-run",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.purge(cmd.Context(), program, dry, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "count and change nothing")
	cmd.Flags().StringVar(&program, "program", "", "id of one program (default: all)")
	return cmd
}

func (s *settings) purge(ctx context.Context, program string, dry bool, stdout, stderr io.Writer) error {
	app, err := s.open(ctx, stderr)
	if err != nil {
		return err
	}
	defer app.store.Close()
	programs, err := app.programs(ctx, program)
	if err != nil {
		return err
	}
	purger, bad := retention.New(app.store), false
	for _, p := range programs {
		out, err := purger.Purge(ctx, p, dry)
		if err != nil {
			return err
		}
		bad = bad || len(out.Faults) > 0
		if err := json.NewEncoder(stdout).Encode(out); err != nil {
			return err
		}
	}
	if !dry {
		if err := app.store.Rewrite(ctx); err != nil {
			return fmt.Errorf("the purge is done, but the file still has room that may hold old text; run it again: %w", err)
		}
	}
	if bad {
		return errors.New("a program has settings that cannot be read: nobody was taken out of it")
	}
	return nil
}

// programs lists every program, or the one of an id.
func (a *application) programs(ctx context.Context, id string) ([]models.Program, error) {
	all, err := a.store.Programs(ctx)
	if err != nil || id == "" {
		return all, err
	}
	for _, p := range all {
		if p.ID == id {
			return []models.Program{p}, nil
		}
	}
	return nil, errors.New("--program must be the id of a program of this database")
}

func newSubjectAccess(s *settings) *cobra.Command {
	var program string
	var contacts bool
	cmd := &cobra.Command{
		Use:   "subject-access PERSON",
		Short: "Print what is kept of one person, for that person",
		Long: `Prints everything that is kept of a person as JSON: each row, deleted ones apart, and
who could read them from when to when. PERSON is an id or a code. The person's own row may
have been deleted; of somebody who was merged into another the record is that one's, and
names both. What is kept of others, the names,
numbers and notes of known contacts, is left out unless --with-contacts is given, and
the record says so. That it was printed is noted in the audit.`,
		Example: "  pursuit subject-access 0199d7a2-… > record.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.subjectAccess(cmd.Context(), program, args[0], contacts, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&program, "program", "", "id of the program (needed where there are several)")
	cmd.Flags().BoolVar(&contacts, "with-contacts", false, "print known contacts whole")
	return cmd
}

func (s *settings) subjectAccess(ctx context.Context, program, person string, contacts bool, stdout, stderr io.Writer) error {
	app, err := s.open(ctx, stderr)
	if err != nil {
		return err
	}
	defer app.store.Close()
	programs, err := app.programs(ctx, program)
	if err != nil {
		return err
	}
	if len(programs) != 1 {
		return errors.New("--program must name one of the programs of this database")
	}
	if !utf8.ValidString(person) { // no code holds it, and not every database is asked for it in words
		return errors.New(models.NotFound().Text)
	}
	record, err := retention.SubjectAccess(ctx, app.store, programs[0], person, contacts)
	if err != nil {
		if known := models.AsError(err); known != nil {
			return errors.New(known.Text)
		}
		return err
	}
	for _, m := range record.Merged {
		if person == m.PersonID || person == m.Code {
			fmt.Fprintf(stderr, "notice: %s was merged into %s, whose record this is\n", m.PersonID, m.Into)
		}
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(record)
}
