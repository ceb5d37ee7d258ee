package main

import (
	"fmt"
	"os"
	"reflect"

	"github.com/spf13/cobra"
)

func newConfig(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print the effective settings, secrets masked",
		Long: `Prints every setting as it would be used, as NAME=value lines with secrets masked,
and tells what is wrong with them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			shown := *s
			shown.KeyFile = s.keyFile()
			shown.DatabaseURL = masked(s.DatabaseURL)
			shown.FCMEndpoint = masked(s.FCMEndpoint)
			value := reflect.ValueOf(shown)
			for i := range value.NumField() {
				name := value.Type().Field(i).Tag.Get("env")
				fmt.Fprintf(cmd.OutOrStdout(), "%s%s=%s\n", envPrefix, name, value.Field(i).String())
			}
			for _, name := range unknownSettings(os.Environ()) {
				fmt.Fprintf(cmd.ErrOrStderr(), "notice: there is no such setting: %s\n", name)
			}
			if _, err := s.validate(); err != nil {
				return fmt.Errorf("settings are not valid:\n%w", err)
			}
			return nil
		},
	}
}
