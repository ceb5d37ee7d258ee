package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"pursuit/models"
	"pursuit/push"
	"pursuit/push/fcm"
	"pursuit/sync"
)

func newReminders(s *settings) *cobra.Command {
	reminders := &cobra.Command{Use: "reminders", Short: "Who is reminded of what, and when"}
	reminders.AddCommand(&cobra.Command{
		Use:   "explain SERVICE_ID...",
		Short: "Tell which rule of a service fires next, and why",
		Long: `Prints, for each service, which reminder comes next if nothing more happens, when, for
whom and why: roles, counts and times, no name and no code. It changes nothing and may
run while servers do.`,
		Example: `  pursuit reminders explain 0199a1b2-0000-7000-8000-000000000001`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			app, err := s.open(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer app.store.Close()
			return app.explainReminders(cmd, ids, cmd.OutOrStdout())
		},
	})
	return reminders
}

func (a *application) explainReminders(cmd *cobra.Command, ids []string, out io.Writer) error {
	ctx := cmd.Context()
	engine, err := sync.New(ctx, a.store, slog.Default())
	if err != nil {
		return err
	}
	service, err := push.New(push.Config{Store: a.store, Rows: engine, Sender: fcm.NewLog(slog.Default()), Log: slog.Default()})
	if err != nil {
		return err
	}
	programs, err := a.store.Programs(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, id := range ids {
		var preview push.Preview
		err := error(models.NotFound())
		for _, p := range programs { // a service's id is unique in all of them
			if preview, err = service.Explain(ctx, p.No, id); err == nil {
				break
			}
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", id, err))
			continue
		}
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(preview); err != nil {
			return err
		}
	}
	return errors.Join(faults...)
}
