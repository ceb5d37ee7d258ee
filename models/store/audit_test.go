package store_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// audited makes a program with ten entries in its audit.
func audited(t *testing.T, s *store.Store) int32 {
	t.Helper()
	ctx := context.Background()
	p, err := store.In(ctx, s, func(tx *store.Tx) (models.Program, error) {
		return tx.NewProgram(models.Program{ID: models.NewID(), Name: "P", TimeZone: "UTC"})
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		err := store.InProgram(ctx, s, p.No, func(tx *store.ProgramTx) error {
			tx.Next()
			return tx.Audit(
				store.AuditEntry{Actor: models.NewID(), Device: "phone", Action: "push", Detail: []byte{1, byte(i)}},
				store.AuditEntry{Action: "pull", Detail: bytes.Repeat([]byte{byte(i)}, 100)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return p.No
}

// faultsOf verifies and lists the faults as "n what".
func faultsOf(t *testing.T, s *store.Store, program int32, noted ...store.AuditNote) []string {
	t.Helper()
	v, err := s.VerifyAudit(context.Background(), program, noted...)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range v.Faults {
		out = append(out, fmt.Sprint(f.N, " ", f.What))
	}
	return out
}

// What was written holds; whatever is done to it is found, and where.
func TestTamperingWithTheAuditIsFound(t *testing.T) {
	const swap = `UPDATE audit SET n = CASE n WHEN 3 THEN -4 ELSE -3 END WHERE @ AND n IN (3, 4); UPDATE audit SET n = -n WHERE @ AND n < 0`
	cases := map[string]struct {
		act   string
		wants []string // beginnings of the faults
	}{
		"nothing":           {`SELECT 1`, nil},
		"altered detail":    {`UPDATE audit SET detail = hash WHERE @ AND n = 4`, []string{"4 was altered"}},
		"altered actor":     {`UPDATE audit SET actor = '00000000-0000-7000-8000-000000000001' WHERE @ AND n = 1`, []string{"1 was altered"}},
		"altered time":      {`UPDATE audit SET at = at + 1 WHERE @ AND n = 10`, []string{"10 was altered"}},
		"altered device":    {`UPDATE audit SET device = 'other' WHERE @ AND n = 2`, []string{"2 was altered"}},
		"altered action":    {`UPDATE audit SET action = 'pull' WHERE @ AND n = 3`, []string{"3 was altered"}},
		"moved letters":     {`UPDATE audit SET device = 'phon', action = 'epush' WHERE @ AND n = 3`, []string{"3 was altered"}},
		"altered hash":      {`UPDATE audit SET hash = detail WHERE @ AND n = 6`, []string{"6 was altered", "7 was altered"}},
		"removed":           {`DELETE FROM audit WHERE @ AND n = 5`, []string{"5 is missing"}},
		"several removed":   {`DELETE FROM audit WHERE @ AND n BETWEEN 1 AND 3`, []string{"1 and those up to 3"}},
		"last removed":      {`DELETE FROM audit WHERE @ AND n >= 9`, []string{"9 and those up to 10"}},
		"all removed":       {`DELETE FROM audit WHERE @`, []string{"1 and those up to 10"}},
		"removed and moved": {`DELETE FROM audit WHERE @ AND n = 5; UPDATE audit SET n = 5 WHERE @ AND n = 10`, []string{"5 was altered", "6 was altered", "10 is missing"}},
		"two swapped":       {swap, []string{"3 was altered", "4 was altered", "5 was altered"}},
		"one added": {`INSERT INTO audit SELECT program_no, 11, at, actor, device, action, detail, hash FROM audit WHERE @ AND n = 10`,
			[]string{"11 has a number that was never given out"}},
		"one before the first": {`INSERT INTO audit SELECT program_no, 0, at, actor, device, action, detail, hash FROM audit WHERE @ AND n = 10`,
			[]string{"0 has a number that was never given out"}},
		"head altered": {`UPDATE sequences SET audit_hash = (SELECT hash FROM audit WHERE @ AND n = 2) WHERE @`, []string{"10 is not the one"}},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for name, c := range cases {
			t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				program := audited(t, s)
				if faults := faultsOf(t, s, program); faults != nil {
					t.Fatalf("untouched, it has faults: %v", faults)
				}
				tamper(t, s, program, c.act)
				got := faultsOf(t, s, program)
				if len(got) != len(c.wants) {
					t.Fatalf("found %v, want %v", got, c.wants)
				}
				for i, want := range c.wants {
					if !strings.HasPrefix(got[i], want) {
						t.Errorf("found %q, want %q…", got[i], want)
					}
				}
			})
		}
	})
}

// tamper runs statements as somebody with the database's password would; @ is the
// condition that a row is the program's.
func tamper(t *testing.T, s *store.Store, program int32, statements string) {
	t.Helper()
	for statement := range strings.SplitSeq(strings.ReplaceAll(statements, "@", fmt.Sprint("program_no = ", program)), ";") {
		if _, err := s.SQLDB().Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever removes the end of the chain and puts the head back is found by an entry
// that was noted elsewhere.
func TestANotedEntryMustStand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		program := audited(t, s)
		v, err := s.VerifyAudit(context.Background(), program)
		if err != nil {
			t.Fatal(err)
		}
		note := store.AuditNote{N: v.N, Hash: v.Head}
		if faults := faultsOf(t, s, program, note); faults != nil {
			t.Fatalf("an entry as it was noted: %v", faults)
		}
		tamper(t, s, program, `DELETE FROM audit WHERE @ AND n > 8;
			UPDATE sequences SET audit_n = 8, audit_hash = (SELECT hash FROM audit WHERE @ AND n = 8) WHERE @`)
		if faults := faultsOf(t, s, program); faults != nil {
			t.Fatalf("the shortened chain is consistent in itself: %v", faults)
		}
		if faults := faultsOf(t, s, program, note); len(faults) != 1 {
			t.Fatalf("a noted entry that is gone: %v", faults)
		}
		if faults := faultsOf(t, s, program, store.AuditNote{N: 3, Hash: []byte("other")}); len(faults) != 1 {
			t.Fatalf("a noted entry with another hash: %v", faults)
		}
	})
}

// The chain has one end whatever number of processes write it.
func TestServersShareOneChain(t *testing.T) {
	url := storetest.URL(t, store.Postgres)
	one, two := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	program := audited(t, one)
	failed := make(chan error, 8)
	for i := range 8 {
		s := []*store.Store{one, two}[i%2]
		go func() {
			var err error
			for range 25 {
				err = store.InProgram(context.Background(), s, program, func(tx *store.ProgramTx) error {
					if i%3 == 0 {
						tx.Next()
					}
					return tx.Audit(store.AuditEntry{Action: "push"})
				})
				if err != nil {
					break
				}
			}
			failed <- err
		}()
	}
	for range 8 {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	v, err := two.VerifyAudit(context.Background(), program)
	if err != nil || v.N != 10+8*25 || v.Faults != nil {
		t.Fatalf("%d entries, faults %v, %v", v.N, v.Faults, err)
	}
}
