package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"pursuit/sync"
)

func newRestored(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "restored",
		Short: "Begin a new epoch after a backup was restored",
		Long: `Tells every program of the database that it went back in time: a new epoch begins,
and the devices send again what they wrote since the backup and compare what they
hold. Run it once after restoring a backup, before the server starts. Without it the
first device that is ahead of the database brings the same about.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app, err := s.open(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer app.store.Close()
			engine, err := sync.New(cmd.Context(), app.store, slog.Default())
			if err != nil {
				return err
			}
			if err := engine.Restored(cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "A new epoch began; devices will reconcile.")
			return nil
		},
	}
}
