package api

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// The size that is exported: a fifth of that which docs/reports.md speaks of.
const (
	exportServices = 1000
	exportEach     = 20
)

// BenchmarkExport asks for an organisation's attempts as each kind of file, over HTTP
// and unpacked, and beside it reads the same documents by plain SQL.
func BenchmarkExport(b *testing.B) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	defer slog.SetDefault(before)
	for _, dialect := range storetest.Dialects {
		s := newSite(b, storetest.Open(b, dialect))
		fillExport(s)
		who := s.user(models.RoleSupervisor, "supervisor@example.org")
		for _, format := range []string{formatCSV, formatXLSX, formatNDJSON} {
			b.Run(fmt.Sprint(dialect, "/", format), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					drainExport(b, s, who, format)
				}
			})
		}
		b.Run(fmt.Sprint(dialect, "/plain"), func(b *testing.B) {
			for b.Loop() {
				plainExport(b, s)
			}
		})
	}
}

func drainExport(b *testing.B, s *site, who session, format string) {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+"/v1/export/contact_attempts?format="+format, nil)
	must(b, err)
	r.Header.Set("Authorization", "Bearer "+who.AccessToken)
	answer, err := http.DefaultClient.Do(r)
	must(b, err)
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	must(b, err)
	must(b, s.server.engine.FlushAudit(b.Context()))
	if answer.StatusCode != http.StatusOK || n < exportServices*exportEach*10 {
		b.Fatalf("status %d, %d bytes", answer.StatusCode, n)
	}
}

func plainExport(b *testing.B, s *site) {
	b.Helper()
	rows, err := s.store.SQLDB().Query(`SELECT f.id, f.seq, f.doc FROM feed f JOIN grants g ON g.program_no = f.program_no AND g.bucket = f.bucket
		WHERE f.program_no = 1 AND f.tbl = 7 AND g.principal = '` + s.made.OrgID + `' ORDER BY f.bucket, f.seq`)
	must(b, err)
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var id, doc string
		var seq int64
		must(b, rows.Scan(&id, &seq, &doc))
	}
	must(b, rows.Err())
	if n != exportServices*exportEach {
		b.Fatalf("%d rows", n)
	}
}

// fillExport stores services with attempts past the server, as a year of pushes leaves
// them: the attempts of a service far apart.
func fillExport(s *site) {
	tx, err := s.store.SQLDB().Begin()
	must(s.t, err)
	table, bucket := models.Tables.Table("contact_attempts"), make([]string, exportServices)
	var seq int64
	must(s.t, tx.QueryRow(`SELECT seq FROM sequences WHERE program_no = 1`).Scan(&seq))
	exec := func(query string, values ...any) {
		_, err := tx.Exec(fmt.Sprintf(query, values...))
		must(s.t, err)
	}
	for n := range bucket {
		bucket[n] = models.NewID()
		exec(`INSERT INTO grants (program_no, bucket, principal, source, granted, granted_at) VALUES (1, '%s', '%s', 'service:%[1]s', %[3]d, 0)`,
			bucket[n], s.made.OrgID, seq)
	}
	for n := range exportServices * exportEach {
		row := models.NewRow(table, models.NewID())
		row.Bucket, row.V = bucket[n%exportServices], seq+1+int64(n)
		row.PutText("service_id", row.Bucket)
		row.PutText("channel", "in_person_visit")
		row.PutText("outcome", "not_there")
		row.PutText("note", "Knocked twice, nobody came to the door this time.")
		for _, name := range []string{"occurred_at", "occurred_at_device", "recorded_at", "received_at", "created_at", "updated_at"} {
			row.PutText(name, fmt.Sprintf("2026-03-%02dT16:40:00.%03dZ", 1+n%28, n%1000))
		}
		for _, name := range []string{"worker_id", "created_by", "updated_by"} {
			row.PutText(name, s.admin.User.ID)
		}
		exec(`INSERT INTO feed (program_no, tbl, id, seq, bucket, deleted, doc, meta) VALUES (1, %d, '%s', %d, '%s', FALSE, '%s', '{}')`,
			table.No, row.ID, row.V, row.Bucket, row.Doc())
	}
	exec(`UPDATE sequences SET seq = seq + %d WHERE program_no = 1`, exportServices*exportEach)
	must(s.t, tx.Commit())
	tidy := "VACUUM ANALYZE feed"
	if s.store.Dialect() == store.SQLite {
		tidy = "ANALYZE"
	}
	_, err = s.store.SQLDB().Exec(tidy)
	must(s.t, err)
}
