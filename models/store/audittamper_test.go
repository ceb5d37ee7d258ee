package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// auditLine is a stored entry as it stands in the table.
type auditLine struct {
	N, At                int64
	Actor, Device        string
	Action, Detail, Hash string
}

func auditLines(t rapid.TB, s *store.Store, program int32) []auditLine {
	rows, err := s.SQLDB().Query(fmt.Sprint(`SELECT n, at, actor, device, action, detail, hash FROM audit WHERE program_no = `, program, ` ORDER BY n`))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []auditLine
	for rows.Next() {
		var l auditLine
		var detail, hash []byte
		if err := rows.Scan(&l.N, &l.At, &l.Actor, &l.Device, &l.Action, &detail, &hash); err != nil {
			t.Fatal(err)
		}
		l.Detail, l.Hash = string(detail), string(hash)
		out = append(out, l)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// hashAfter is an entry's hash as docs/adr/0005-audit.md defines it, computed by
// itself.
func (l auditLine) hashAfter(program int32, before string) string {
	b := []byte(before)
	b = binary.BigEndian.AppendUint32(b, uint32(program))
	b = binary.BigEndian.AppendUint64(b, uint64(l.N))
	b = binary.BigEndian.AppendUint64(b, uint64(l.At))
	for _, part := range []string{l.Actor, l.Device, l.Action, l.Detail} {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(part))), part...)
	}
	sum := sha256.Sum256(b)
	return string(sum[:])
}

// tampering draws what somebody with the database's password does to the entries.
func tampering(rt *rapid.T, program int32, lines []auditLine) []auditLine {
	out := append([]auditLine(nil), lines...)
	if len(out) == 0 {
		return out
	}
	at := rapid.IntRange(0, len(out)-1).Draw(rt, "entry")
	other := rapid.IntRange(0, len(out)-1).Draw(rt, "other")
	switch rapid.SampledFrom([]string{"alter", "remove", "cut", "swap", "move", "close up", "add", "forge"}).Draw(rt, "act") {
	case "alter":
		alter(rt, &out[at])
	case "remove":
		out = append(out[:at:at], out[at+1:]...)
	case "cut": // the end of the chain
		out = out[:at]
	case "swap":
		out[at].N, out[other].N = out[other].N, out[at].N
	case "move": // to the end
		out[at].N = out[len(out)-1].N + 1
	case "close up": // the numbers after a removed one
		out = append(out[:at:at], out[at+1:]...)
		for i := range out {
			out[i].N = int64(i + 1)
		}
	case "add":
		line := out[other]
		line.N = out[len(out)-1].N + 1
		out = append(out, line)
	case "forge": // and mend all hashes after it
		alter(rt, &out[at])
		for i, before := at, ""; i < len(out); i++ {
			if i > 0 {
				before = out[i-1].Hash
			}
			out[i].Hash = out[i].hashAfter(program, before)
		}
	}
	return out
}

func alter(rt *rapid.T, l *auditLine) {
	switch rapid.IntRange(0, 5).Draw(rt, "column") {
	case 0:
		l.At += rapid.Int64Range(-3, 3).Draw(rt, "at")
	case 1:
		l.Actor = models.NewID()
	case 2:
		l.Device += rapid.SampledFrom([]string{"", "x"}).Draw(rt, "device")
	case 3:
		l.Action = rapid.SampledFrom([]string{"push", "pull", "pus"}).Draw(rt, "action")
	case 4:
		l.Detail = string(rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(rt, "detail"))
	case 5:
		l.Hash = string(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "hash"))
	}
}

// rewrite puts the entries in place of those that stand.
func rewrite(t rapid.TB, s *store.Store, program int32, lines []auditLine) {
	tx, err := s.SQLDB().Begin()
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string, params ...any) {
		if _, err := tx.Exec(query, params...); err != nil {
			t.Fatal(err)
		}
	}
	marks := "?, ?, ?, ?, ?, ?, ?, ?"
	if s.Dialect() == store.Postgres {
		marks = "$1, $2, $3, $4, $5, $6, $7, $8"
	}
	exec(fmt.Sprint(`DELETE FROM audit WHERE program_no = `, program))
	for _, l := range lines {
		exec(`INSERT INTO audit (program_no, n, at, actor, device, action, detail, hash) VALUES (`+marks+`)`,
			program, l.N, l.At, l.Actor, l.Device, l.Action, []byte(l.Detail), []byte(l.Hash))
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// Whatever is altered, removed, moved, put in or forged with hashes that fit, at the
// end of the chain too, is found; and a chain in which nothing is other than it was
// has no fault.
func TestNoTamperingStaysUnfound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		program := audited(t, s)
		lines := auditLines(t, s, program)
		for i, before := 0, ""; i < len(lines); i++ {
			if lines[i].hashAfter(program, before) != lines[i].Hash {
				t.Fatalf("entry %d has another hash than is written down", lines[i].N)
			}
			before = lines[i].Hash
		}
		rapid.Check(t, func(rt *rapid.T) {
			made := lines
			for range rapid.IntRange(1, 3).Draw(rt, "acts") {
				made = unique(tampering(rt, program, made))
			}
			rewrite(rt, s, program, made)
			v, err := s.VerifyAudit(context.Background(), program)
			if err != nil {
				rt.Fatal(err)
			}
			if same := cmp.Equal(auditLines(rt, s, program), lines); same != (len(v.Faults) == 0) {
				rt.Fatalf("the same as written: %v; found %v", same, v.Faults)
			}
		})
	})
}

// unique leaves one entry a number, as the table's key does.
func unique(lines []auditLine) []auditLine {
	seen := map[int64]bool{}
	var out []auditLine
	for _, l := range lines {
		if !seen[l.N] {
			seen[l.N] = true
			out = append(out, l)
		}
	}
	return out
}
