package contract

import (
	"fmt"
	"net/http"
	"testing"

	"pursuit/sim/harness"
)

// digestScenarios: docs/protocol.md, section 8.
func digestScenarios() []scenario {
	return []scenario{
		{"a device that is up to date agrees", digestAgrees},
		{"digests tell whether to pull first", digestSeqs},
		{"digests hold what the role may see alone", digestScope},
		{"a bucket pull repairs a device", bucketRepairs},
		{"a bucket pull pages and leaves the stream alone", bucketPages},
		{"a bucket not held is empty like one that is not", bucketUnheld},
		{"a bucket's cursor is no stream's cursor", bucketCursor},
	}
}

func (p *phone) digests() harness.Digests {
	p.town.t.Helper()
	answer := p.call(http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": p.Cursor})
	expect(p.town.t, answer, http.StatusOK, "")
	var digests harness.Digests
	if err := answer.Decode(&digests); err != nil {
		p.town.t.Fatal(err)
	}
	return digests
}

// agrees compares the device's own digests with the server's.
func (p *phone) agrees() bool {
	p.town.t.Helper()
	return fmt.Sprint(p.Digest()) == fmt.Sprint(withoutEmpty(p.digests().Buckets))
}

// withoutEmpty leaves out what a device cannot know of: buckets and tables held
// without a row.
func withoutEmpty(buckets map[string]map[string]harness.Digest) map[string]map[string]harness.Digest {
	full := map[string]map[string]harness.Digest{}
	for bucket, tables := range buckets {
		for table, digest := range tables {
			if digest[0] == 0 {
				continue
			}
			if full[bucket] == nil {
				full[bucket] = map[string]harness.Digest{}
			}
			full[bucket][table] = digest
		}
	}
	return full
}

// bucketPull pulls buckets whole and replaces the local rows of them.
func (p *phone) bucketPull(limit int, buckets ...string) []harness.Page {
	p.town.t.Helper()
	var pages []harness.Page
	var cursor *string
	for range 200 {
		pull := &harness.Pull{Buckets: buckets, Cursor: cursor}
		if limit > 0 {
			pull.Limit = &limit
		}
		page, err := p.Sync(p.town.ctx, p.Request(nil, pull))
		if err != nil {
			p.town.t.Fatal(err)
		}
		if !page.Replace {
			p.town.t.Fatal("a bucket pull without replace")
		}
		pages = append(pages, page)
		if cursor = &page.Cursor; page.Complete {
			p.replace(buckets, pages)
			return pages
		}
	}
	p.town.t.Fatal("a bucket pull that never completes")
	return nil
}

func (p *phone) replace(buckets []string, pages []harness.Page) {
	stream := p.Cursor
	p.Apply(harness.Page{Drop: buckets})
	for _, page := range pages {
		p.Apply(page)
	}
	p.Cursor = stream
}

func busyCase(w *town) (team, matter) {
	crew := w.team()
	made := w.open(crew, crew.worker)
	visit := attempt(made.service)
	v := crew.worker.applied(attempt(made.service), contact(made.person), visit)
	crew.worker.applied(harness.Delete("contact_attempts", visit.Row, v))
	crew.manager.applied(harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred"}))
	return crew, made
}

func digestAgrees(t *testing.T, at *place) {
	w := at.program(t)
	crew, _ := busyCase(w)
	for _, who := range []*phone{crew.worker, crew.manager, crew.supervisor, w.user("director", crew.org)} {
		who.pull()
		if !who.agrees() {
			t.Errorf("%s: device %v, server %v", who.Tokens.User.Role, who.Digest(), who.digests().Buckets)
		}
	}
}

func digestSeqs(t *testing.T, at *place) {
	w := at.program(t)
	crew, made := busyCase(w)
	crew.worker.pull()
	if got := crew.worker.digests(); got.CursorSeq < got.Seq {
		t.Errorf("a device that is up to date is told seq %d > cursor_seq %d", got.Seq, got.CursorSeq)
	}
	crew.manager.applied(attempt(made.service))
	if got := crew.worker.digests(); got.Seq <= got.CursorSeq {
		t.Errorf("a device that is behind is told seq %d, cursor_seq %d", got.Seq, got.CursorSeq)
	}
	answer := crew.worker.call(http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": nil})
	expect(t, answer, http.StatusOK, "")
}

func digestScope(t *testing.T, at *place) {
	w := at.program(t)
	crew, made := busyCase(w)
	crew.worker.pull()
	buckets := crew.worker.digests().Buckets
	if _, ok := buckets[made.person]["assessments"]; ok {
		t.Errorf("a worker's digests tell of assessments: %v", buckets[made.person])
	}
	foreign := w.open(w.crew(), nil)
	crew.manager.end(made.assignment)
	buckets = crew.worker.digests().Buckets
	for _, bucket := range []string{made.person, made.service, foreign.person} {
		if len(buckets[bucket]) != 0 {
			t.Errorf("digests tell of a bucket that is not held: %v", buckets[bucket])
		}
	}
}

func bucketRepairs(t *testing.T, at *place) {
	w := at.program(t)
	crew, made := busyCase(w)
	crew.worker.pull()
	for id := range crew.worker.Tables["known_contacts"] {
		delete(crew.worker.Tables["known_contacts"], id)
	}
	crew.worker.Tables["people"][harness.NewID()] = harness.Row{"id": harness.NewID(), "_b": made.person, "_v": 1.0}
	crew.worker.Row("contact_attempts", firstKey(crew.worker.Tables["contact_attempts"]))["_v"] = 1.0
	if crew.worker.agrees() {
		t.Fatal("a broken device agrees")
	}
	crew.worker.bucketPull(0, made.person, made.service)
	if !crew.worker.agrees() {
		t.Errorf("after the repair: device %v, server %v", crew.worker.Digest(), crew.worker.digests().Buckets)
	}
	crew.worker.applied(attempt(made.service))
	crew.worker.pull()
	if !crew.worker.agrees() {
		t.Error("the stream does not go on after a repair")
	}
}

func firstKey(rows map[string]harness.Row) string {
	for id := range rows {
		return id
	}
	return ""
}

func bucketPages(t *testing.T, at *place) {
	w := at.program(t)
	crew, made := busyCase(w)
	for range 12 {
		crew.worker.applied(attempt(made.service))
	}
	crew.worker.pull()
	pages := crew.worker.bucketPull(3, made.service)
	if len(pages) < 4 {
		t.Errorf("%d pages of 3 rows", len(pages))
	}
	for _, page := range pages {
		if page.Rows() > 3 || len(page.Drop) != 0 {
			t.Errorf("a bucket page of %d rows, drop %v", page.Rows(), page.Drop)
		}
		for _, change := range page.Changes {
			for _, row := range change.Upsert {
				if row.Bucket() != made.service {
					t.Errorf("a bucket pull brought a row of bucket %s", row.Bucket())
				}
			}
		}
	}
	if !crew.worker.agrees() {
		t.Error("the device disagrees after a paged repair")
	}
}

func bucketUnheld(t *testing.T, at *place) {
	w := at.program(t)
	crew, _ := busyCase(w)
	foreign := w.open(w.crew(), nil)
	var seen []string
	for _, bucket := range []string{foreign.person, harness.NewID()} {
		page := crew.worker.bucketPull(0, bucket)[0]
		seen = append(seen, fmt.Sprintf("%+v %v %v %v", page.Changes, page.Drop, page.Complete, page.Seq))
	}
	if seen[0] != seen[1] {
		t.Errorf("unheld: %s, unknown: %s", seen[0], seen[1])
	}
}

func bucketCursor(t *testing.T, at *place) {
	w := at.program(t)
	crew, made := busyCase(w)
	page, err := crew.worker.Sync(w.ctx, crew.worker.Request(nil, &harness.Pull{Buckets: []string{made.service}}))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, crew.worker.cursor(page.Cursor), http.StatusBadRequest, "bad_cursor")
}
