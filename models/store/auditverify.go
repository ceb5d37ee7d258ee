package store

import (
	"bytes"
	"context"
	"fmt"
)

const (
	verifyPage   = 500  // entries read at once: some may name thousands of rows
	verifyFaults = 1000 // faults told; where there are more, these are enough to act on
)

// AuditFault is a place where a program's audit is not what was written.
type AuditFault struct {
	N    int64
	What string
}

// AuditNote is an entry's hash as it was noted outside the database.
type AuditNote struct {
	N    int64
	Hash []byte
}

// AuditVerdict is what a verification found. Head is the hash of entry N, to be
// noted where the database's keepers cannot write.
type AuditVerdict struct {
	N      int64
	Head   []byte
	Faults []AuditFault
}

// VerifyAudit reads a program's whole audit and tells each entry that was altered,
// is missing, or stands in another's place. It may run while servers write: it
// covers the entries that were there when it began.
//
// Each entry's hash is computed anew from its content and the hash stored before
// it; numbers have no gap; the last hash is the one the sequence remembers; the
// entries noted have the hashes noted.
func (s *Store) VerifyAudit(ctx context.Context, program int32, noted ...AuditNote) (AuditVerdict, error) {
	n, head, err := s.AuditHead(ctx, program)
	if err != nil {
		return AuditVerdict{}, err
	}
	v := &verification{program: program, noted: map[int64][]byte{}, AuditVerdict: AuditVerdict{N: n, Head: head}}
	for _, note := range noted {
		v.noted[note.N] = note.Hash
		if note.N > n {
			v.fault(note.N, "was noted and is not there")
		}
	}
	for last := int64(-1); v.last < n && v.last != last && len(v.Faults) < verifyFaults; {
		last = v.last
		err := s.auditVisit(ctx, v.entry, `SELECT `+auditColumns+` FROM audit WHERE program_no = ? AND n > ? AND n <= ?
			ORDER BY n LIMIT ?`, program, v.last, n, verifyPage)
		if err != nil {
			return AuditVerdict{}, err
		}
	}
	if err := s.auditOutside(ctx, v); err != nil {
		return AuditVerdict{}, err
	}
	v.end()
	return v.AuditVerdict, nil
}

// auditOutside finds entries whose numbers were never given out. Entries and the
// number of the last are committed together, so one statement sees both or neither.
func (s *Store) auditOutside(ctx context.Context, v *verification) error {
	return s.auditVisit(ctx, func(a AuditEntry) bool {
		v.fault(a.N, "has a number that was never given out")
		return len(v.Faults) < verifyFaults
	}, `SELECT `+auditColumns+` FROM audit WHERE program_no = ?
		AND (n < 1 OR n > (SELECT audit_n FROM sequences WHERE program_no = ?)) ORDER BY n LIMIT ?`, v.program, v.program, verifyPage)
}

// verification is where a walk along a chain stands.
type verification struct {
	AuditVerdict
	program int32
	noted   map[int64][]byte
	last    int64  // number of the last entry seen
	hash    []byte // its stored hash
	broken  bool   // entries are missing before the next one
}

func (v *verification) entry(a AuditEntry) bool {
	if a.N != v.last+1 {
		v.missing(v.last+1, a.N-1)
		v.broken = true
	}
	switch follows := bytes.Equal(a.chained(v.program, v.hash), a.Hash); {
	case v.broken: // what it followed is gone: its own content cannot be judged by it
	case !follows:
		v.fault(a.N, "was altered, or does not follow the entry before it")
	}
	if noted, ok := v.noted[a.N]; ok && !bytes.Equal(noted, a.Hash) {
		v.fault(a.N, "is another than the one that was noted")
	}
	v.last, v.hash, v.broken = a.N, a.Hash, false
	return len(v.Faults) < verifyFaults
}

func (v *verification) end() {
	switch {
	case len(v.Faults) >= verifyFaults:
	case v.last < v.N:
		v.missing(v.last+1, v.N)
	case v.N > 0 && !bytes.Equal(v.hash, v.Head):
		v.fault(v.N, "is not the one that was written last")
	}
}

func (v *verification) missing(from, to int64) {
	if from == to {
		v.fault(from, "is missing")
		return
	}
	v.fault(from, fmt.Sprintf("and those up to %d are missing", to))
}

func (v *verification) fault(n int64, what string) {
	v.Faults = append(v.Faults, AuditFault{N: n, What: what})
}
