package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"pursuit/models"
	"pursuit/models/store"
)

func newAudit(s *settings) *cobra.Command {
	audit := &cobra.Command{Use: "audit", Short: "The record of who wrote and read what"}
	var notes []string
	verify := &cobra.Command{
		Use:   "verify",
		Short: "Prove that no entry of the audit was altered, removed or moved",
		Long: `Reads the whole audit of every program and computes its chain of hashes anew. It
prints each fault with the number of the entry, and fails if there is any. It may
run while servers do.

It also prints each program's last number and hash. Whoever can write the whole
database could write the whole chain anew: note the line somewhere else from time to
time, and give it back with --noted to prove that the chain still goes through it.`,
		Example: `  pursuit audit verify
  pursuit audit verify --noted 0199a1b2-…:4711:9f86d081884c7d65…`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app, err := s.open(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer app.store.Close()
			return app.verifyAudit(cmd.Context(), notes, cmd.OutOrStdout())
		},
	}
	verify.Flags().StringArrayVar(&notes, "noted", nil, "PROGRAM:NUMBER:HASH of an earlier run (may be given again)")
	audit.AddCommand(verify)
	return audit
}

// verifyAudit verifies the audit of every program and prints what it found.
func (a *application) verifyAudit(ctx context.Context, notes []string, out io.Writer) error {
	noted, err := readNotes(notes)
	if err != nil {
		return err
	}
	programs, err := a.store.Programs(ctx)
	if err != nil {
		return err
	}
	faults := 0
	for _, p := range programs {
		verdict, err := a.store.VerifyAudit(ctx, p.No, noted[p.ID]...)
		if err != nil {
			return err
		}
		for _, f := range verdict.Faults {
			fmt.Fprintf(out, "%s: entry %d %s\n", p.ID, f.N, f.What)
		}
		if faults += len(verdict.Faults); len(verdict.Faults) == 0 {
			fmt.Fprintf(out, "%s:%d:%s holds\n", p.ID, verdict.N, hex.EncodeToString(verdict.Head))
		}
		delete(noted, p.ID)
	}
	for id := range noted {
		faults++
		fmt.Fprintf(out, "%s: there is no such program\n", id)
	}
	if faults > 0 {
		return fmt.Errorf("the audit does not hold (faults: %d)", faults)
	}
	return nil
}

// readNotes reads what earlier runs printed, by program.
func readNotes(notes []string) (map[string][]store.AuditNote, error) {
	out := map[string][]store.AuditNote{}
	for _, note := range notes {
		parts := strings.Split(strings.TrimSuffix(strings.TrimSpace(note), " holds"), ":")
		if len(parts) != 3 || !models.ValidID(parts[0]) {
			return nil, errors.New("--noted must be PROGRAM:NUMBER:HASH")
		}
		n, err1 := strconv.ParseInt(parts[1], 10, 64)
		hash, err2 := hex.DecodeString(parts[2])
		if err1 != nil || err2 != nil {
			return nil, errors.New("--noted must be PROGRAM:NUMBER:HASH")
		}
		out[parts[0]] = append(out[parts[0]], store.AuditNote{N: n, Hash: hash})
	}
	return out, nil
}
