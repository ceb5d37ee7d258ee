package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"pursuit/api/auth"
)

func newKeys(s *settings) *cobra.Command {
	keys := &cobra.Command{Use: "keys", Short: "Keys that sign access tokens"}
	keys.AddCommand(&cobra.Command{
		Use:   "rotate",
		Short: "Make a new signing key; old ones go on verifying",
		Long: `Makes a new key that signs access tokens from now on, in running servers too, and
prints its id. Tokens of the old key stay good until they expire, and the old key
stays in /.well-known/jwks.json.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app, err := s.open(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer app.store.Close()
			seal, err := auth.LoadKeyFile(app.keyFile)
			if err != nil {
				return err
			}
			id, err := auth.RotateKeys(cmd.Context(), app.store, seal)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), id)
			return nil
		},
	})
	return keys
}
