package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newMigrate(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date",
		Long: `Brings the database's schema up to date, as serve and bootstrap do by themselves.
Running it again, or in several places at once, changes nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app, err := s.open(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer app.store.Close()
			fmt.Fprintf(cmd.OutOrStdout(), "The %s schema is up to date.\n", app.store.Dialect())
			return nil
		},
	}
}
