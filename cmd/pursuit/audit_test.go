package main

import (
	"context"
	"strings"
	"testing"

	"pursuit/models/store"
)

// audit verify holds for what was written, names what was altered and fails then,
// and proves what was noted.
func TestAuditVerify(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		s.bootstrap(0, "one@example.org")
		s.bootstrap(0, "two@example.org")
		out, _ := s.command(0, "audit", "verify")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != 2 || !strings.HasSuffix(lines[0], " holds") || !strings.HasSuffix(lines[1], " holds") {
			t.Fatalf("two programs that hold are told as %q", out)
		}
		s.command(0, "audit", "verify", "--noted", lines[0], "--noted", lines[1])
		for _, bad := range []string{"x", "x:1:00", lines[0][:36] + ":1:zz", lines[0][:36] + ":one:00"} {
			if _, errs := s.command(1, "audit", "verify", "--noted", bad); !strings.Contains(errs, "--noted") {
				t.Errorf("the note %q is told as %q", bad, errs)
			}
		}
		out, _ = s.command(1, "audit", "verify", "--noted", lines[0][:36]+":2:00")
		if !strings.Contains(out, lines[0][:36]+": entry 2 ") {
			t.Errorf("another hash than was noted is told as %q", out)
		}
		out, _ = s.command(1, "audit", "verify", "--noted", "01900000-0000-7000-8000-000000000000:2:00")
		if !strings.Contains(out, "no such program") {
			t.Errorf("a note of another server is told as %q", out)
		}

		st, err := store.Open(context.Background(), store.Config{URL: strings.TrimPrefix(s.args[2], "--database-url=")})
		must(t, err)
		defer st.Close()
		_, err = st.SQLDB().Exec(`UPDATE audit SET at = at + 1 WHERE n = 2 AND program_no = (SELECT min(no) FROM programs)`)
		must(t, err)
		out, errs := s.command(1, "audit", "verify")
		if !strings.Contains(out, lines[0][:36]+": entry 2 was altered") || !strings.Contains(out, lines[1]) || !strings.Contains(errs, "faults: 1") {
			t.Errorf("an altered entry is told as %q, %q", out, errs)
		}
	})
}
