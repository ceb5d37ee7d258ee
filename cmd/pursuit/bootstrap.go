package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"pursuit/api"
	"pursuit/api/auth"
	"pursuit/models"
	"pursuit/sync"
)

const passwordFileLimit = 4096 // bytes read of a password file

// firstProgram is what bootstrap is told.
type firstProgram struct {
	name, timeZone, email, passwordFile string
}

func newBootstrap(s *settings) *cobra.Command {
	var p firstProgram
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Make a program with its lead organisation and its first admin",
		Long: `Makes a program (one city's programme) with its lead organisation and an admin who
can sign in, and prints {"program_id", "org_id", "user_id"}. It may be run again for
another program, and while servers run. The password is read from a file, or from
standard input when the file is -, so that it stands in no process list; one line
end after it is not part of it.`,
		Example: `  pursuit bootstrap --program "Portland Ceasefire" --time-zone America/Los_Angeles \
    --admin-email admin@example.org --admin-password-file password.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.bootstrap(cmd.Context(), p, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&p.name, "program", "", "name of the program")
	flags.StringVar(&p.timeZone, "time-zone", "", "IANA time zone, such as America/Los_Angeles")
	flags.StringVar(&p.email, "admin-email", "", "e-mail address the admin signs in with")
	flags.StringVar(&p.passwordFile, "admin-password-file", "", "file that holds the admin's password; - is standard input")
	return cmd
}

func (s *settings) bootstrap(ctx context.Context, p firstProgram, stdin io.Reader, stdout, stderr io.Writer) error {
	password, err := p.check(stdin)
	if _, wrong := s.validate(); wrong != nil {
		err = errors.Join(err, fmt.Errorf("settings are not valid:\n%w", wrong))
	}
	if err != nil {
		return err
	}
	app, err := s.open(ctx, stderr)
	if err != nil {
		return err
	}
	defer app.store.Close()
	hash, err := auth.NewHasher(auth.StandardCost).Hash(ctx, password)
	if err != nil {
		return err
	}
	engine, err := sync.New(ctx, app.store, slog.Default())
	if err != nil {
		return err
	}
	made, err := engine.Bootstrap(ctx, sync.NewProgram{Name: p.name, TimeZone: p.timeZone,
		AdminEmail: strings.TrimSpace(p.email), AdminPasswordHash: hash})
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(made)
}

// check tells all faults at once, and reads the password.
func (p firstProgram) check(stdin io.Reader) (password string, err error) {
	var faults []error
	if why := models.NameFault(p.name); p.name == "" {
		faults = append(faults, errors.New("--program must be given"))
	} else if why != "" {
		faults = append(faults, errors.New("--program "+why))
	}
	if !api.ValidTimeZone(p.timeZone) {
		faults = append(faults, errors.New("--time-zone must be an IANA name such as America/Los_Angeles"))
	}
	if !api.ValidEmail(p.email) {
		faults = append(faults, errors.New("--admin-email must be an e-mail address"))
	}
	password, err = readPassword(p.passwordFile, stdin)
	return password, errors.Join(append(faults, err)...)
}

// readPassword reads a password from the file at path, or from stdin when that is -.
func readPassword(path string, stdin io.Reader) (string, error) {
	from := stdin
	switch path {
	case "":
		return "", errors.New("--admin-password-file must be given")
	case "-":
	default:
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("--admin-password-file: %w", err)
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, passwordFileLimit))
	if err != nil {
		return "", fmt.Errorf("--admin-password-file: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if fault := models.AsError(auth.CheckNew("", password)); fault != nil {
		return "", errors.New("--admin-password-file: the password " + fault.Faults[0].Message)
	}
	return password, nil
}
