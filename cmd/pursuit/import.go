package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pursuit/intake"
	"pursuit/models"
	"pursuit/sync"
)

const (
	faultsPrinted = 100 // the first of a list that went wrong throughout tell enough
	barWidth      = 30  // characters
	importDevice  = "import"
)

// listImport is what import referrals is told.
type listImport struct {
	file, as string
	mapping  []string
	dryRun   bool
}

func newImport(s *settings) *cobra.Command {
	var in listImport
	referrals := &cobra.Command{
		Use:   "referrals FILE.csv|FILE.xlsx",
		Short: "Take in a list of persons and referrals, such as a shooting review's",
		Long: `Takes in a list: a person and a referral for each line, and an assessment where the
line has the date of a shooting review. It writes as the user given, through the same
door as that user's phone, and may be run again: lines taken in before change nothing.

Headings are matched by name (code, first_name, last_name, date_of_birth, phones,
source, referred_on, shooting_review_on, disposition, reason, …; spaces and case do not
matter). Others are named by --map FIELD=HEADING; --map FIELD:=VALUE fills a field that
the list does not have. Dates are 2024-12-31, 12/31/2024 or a workbook's own. Several
phones or aliases stand in one cell with semicolons between them. A line's person is
known again by external_id, or else by code, names and date of birth.

What is wrong with a line is told by its cell; nothing of that line is kept, and the
other lines are taken in. With --dry-run the same is told of what would happen now, and nothing is written.`,
		Example: `  pursuit import referrals review.xlsx --as manager@example.org --map code="Street name" \
    --map source:=shooting_review --dry-run`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.file = args[0]
			return s.importList(cmd.Context(), in, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := referrals.Flags()
	flags.StringVar(&in.as, "as", "", "e-mail address of the user who imports")
	flags.StringArrayVar(&in.mapping, "map", nil, "FIELD=HEADING or FIELD:=VALUE; may be given again")
	flags.BoolVar(&in.dryRun, "dry-run", false, "tell what would become of the list, as that user, and write nothing")
	cmd := &cobra.Command{Use: "import", Short: "Take in lists from elsewhere"}
	cmd.AddCommand(referrals)
	return cmd
}

func (s *settings) importList(ctx context.Context, in listImport, stdout, stderr io.Writer) error {
	if in.as == "" {
		return errors.New("--as must be given: the e-mail address of the user who imports")
	}
	sheet, mapping, err := readList(ctx, in)
	if err != nil {
		return err
	}
	app, err := s.open(ctx, stderr)
	if err != nil {
		return err
	}
	defer app.store.Close()
	for _, column := range mapping.Unread() {
		fmt.Fprintf(stderr, "notice: column %s fills no field and is not read; --map FIELD=HEADING names its field\n", column)
	}
	who, err := app.actor(ctx, in.as)
	if err != nil {
		return err
	}
	entries, faults := intake.Entries(sheet, mapping, who)
	out, err := app.feed(ctx, who, entries, in.dryRun, stderr)
	if err != nil {
		return err
	}
	end := "."
	if in.dryRun {
		end = "; nothing was written."
	}
	faulty := out.AtFault + len(sheet.Lines) - len(entries)
	fmt.Fprintf(stdout, "%d lines: %d added, %d known before, %d waiting, %d at fault%s\n",
		len(sheet.Lines), out.Added, out.Known, out.Waiting, faulty, end)
	return printFaults(stderr, faulty, append(faults, out.Faults...))
}

func readList(ctx context.Context, in listImport) (intake.Sheet, intake.Mapping, error) {
	file, err := os.Open(in.file)
	if err != nil {
		return intake.Sheet{}, intake.Mapping{}, fmt.Errorf("open the list: %w", err)
	}
	defer file.Close()
	sheet, err := intake.ReadSheet(ctx, filepath.Base(in.file), file)
	if err != nil {
		return sheet, intake.Mapping{}, err
	}
	mapping, err := intake.NewMapping(sheet, in.mapping)
	return sheet, mapping, err
}

// feed takes the entries in as the user, or with dry tries what would become of them, with
// a bar that tells how far it is.
func (a *application) feed(ctx context.Context, who models.Actor, entries []intake.Entry, dry bool, to io.Writer) (intake.Outcome, error) {
	engine, err := sync.New(ctx, a.store, slog.Default())
	if err != nil {
		return intake.Outcome{}, err
	}
	door := intake.Door{
		Look: func(ctx context.Context, list []models.Mutation) ([]intake.Standing, error) {
			return a.look(ctx, engine, who, list)
		},
		Try: func(ctx context.Context, before, list []models.Mutation) ([]models.Result, error) {
			results, err := engine.Try(ctx, who, time.Time{}, itemsOf(slices.Concat(before, list)))
			if err != nil {
				return nil, err
			}
			return results[len(before):], nil
		},
	}
	if !dry {
		door.Push = func(ctx context.Context, list []models.Mutation) ([]models.Result, error) {
			return engine.Push(ctx, who, time.Time{}, itemsOf(list))
		}
	}
	return intake.Feed(ctx, entries, door, func(done, of int) { bar(to, done, of) })
}

// look tells what the program has of some mutations, and who of their persons are the
// user's organisation's.
func (a *application) look(ctx context.Context, engine *sync.Engine, who models.Actor, list []models.Mutation) ([]intake.Standing, error) {
	found, err := engine.Standings(ctx, who, list)
	if err != nil {
		return nil, err
	}
	var persons []string
	for i, m := range list {
		if m.Table == "people" && found[i].Exists {
			persons = append(persons, m.Row)
		}
	}
	ours, err := a.store.PersonsOf(ctx, who.Program, who.OrgID, persons)
	if err != nil {
		return nil, err
	}
	out := make([]intake.Standing, len(found))
	for i, s := range found {
		out[i] = intake.Standing{Exists: s.Exists, Seen: s.Seen, Before: s.Before, Ours: ours[list[i].Row]}
	}
	return out, nil
}

func itemsOf(list []models.Mutation) []sync.Item {
	items := make([]sync.Item, len(list))
	for i, m := range list {
		items[i].Mutation = m
	}
	return items
}

// bar draws how far something is, over itself.
func bar(to io.Writer, done, of int) {
	full := barWidth * done / max(of, 1)
	fmt.Fprintf(to, "\r[%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, of)
	if done == of {
		fmt.Fprintln(to)
	}
}

// printFaults tells the faults of so many lines, from the top of the list.
func printFaults(to io.Writer, lines int, faults []intake.Fault) error {
	slices.SortStableFunc(faults, func(a, b intake.Fault) int { return cmp.Compare(a.Line, b.Line) })
	for i, f := range faults {
		if i == faultsPrinted {
			fmt.Fprintf(to, "and %d more\n", len(faults)-i)
			break
		}
		fmt.Fprintln(to, f)
	}
	if len(faults) > 0 {
		return fmt.Errorf("lines at fault: %d (faults: %d); nothing of them is kept, and the other lines are not touched by that", lines, len(faults))
	}
	return nil
}

// actor finds the active user who signs in with an e-mail address.
func (a *application) actor(ctx context.Context, email string) (models.Actor, error) {
	u, err := a.store.UserByEmail(ctx, email)
	if err != nil || !u.Active {
		return models.Actor{}, errors.New("no active user signs in with that e-mail address")
	}
	p, err := a.store.Program(ctx, u.Program)
	if err != nil {
		return models.Actor{}, err
	}
	org, err := a.store.Org(ctx, u.Program, u.OrgID)
	if err != nil {
		return models.Actor{}, err
	}
	return models.Actor{Program: p.No, ProgramID: p.ID, TimeZone: p.TimeZone, UserID: u.ID, OrgID: u.OrgID, OrgKind: org.Kind,
		Role: u.Role, DeviceID: importDevice}, nil
}
