package harness

import (
	"context"
	"fmt"
	"hash/crc32"
	"slices"
)

// pageLimit bounds the pages of one pull: a server that never says complete is
// broken, and a test must not hang on it.
const pageLimit = 2000

// Device is a session with the local store of a client and the three steps by
// which it applies a page (docs/protocol.md, section 4).
type Device struct {
	*Session
	Tables map[string]map[string]Row
	Cursor *string
	// Applied counts the pages that changed the local store.
	Applied int
	// Limit is asked of each page; 0 leaves it to the server.
	Limit int
	// Only restricts the stream to these tables; nil is all.
	Only []string
	// App is the app's schema and what it does not know; nil is of the first schema
	// and keeps all that it is sent.
	App *App
}

// NewDevice gives a session an empty local store.
func NewDevice(session *Session) *Device {
	return &Device{Session: session, Tables: map[string]map[string]Row{}}
}

// Rewind forgets everything local, as a fresh installation would.
func (d *Device) Rewind() { d.Tables, d.Cursor = map[string]map[string]Row{}, nil }

// Request makes a sync request that tells the app's schema.
func (d *Device) Request(push []Mutation, pull *Pull) SyncRequest {
	request := d.Session.Request(push, pull)
	if d.App != nil {
		request.Schema = d.App.Schema
	}
	return request
}

// NextPull is the pull half that continues this device's stream.
func (d *Device) NextPull() *Pull {
	pull := &Pull{Cursor: d.Cursor, Tables: d.Only}
	if d.Limit > 0 {
		pull.Limit = &d.Limit
	}
	return pull
}

// PullAll pulls page after page until the stream is complete and answers the
// pages. It stops with an error at a directive.
func (d *Device) PullAll(ctx context.Context) ([]Page, error) {
	var pages []Page
	for range pageLimit {
		page, err := d.Sync(ctx, d.Request(nil, d.NextPull()))
		if err != nil {
			return pages, err
		}
		d.Apply(page)
		pages = append(pages, page)
		if page.Directive != nil {
			return pages, fmt.Errorf("directive %s", page.Directive.Kind)
		}
		if page.Complete {
			return pages, nil
		}
	}
	return pages, fmt.Errorf("the pull was not complete after %d pages", pageLimit)
}

// Push sends mutations alone and answers their results.
func (d *Device) Push(ctx context.Context, push ...Mutation) ([]Result, error) {
	page, err := d.Sync(ctx, d.Request(push, nil))
	return page.Results, err
}

// Apply takes a page of the device's own stream: drop, remove, upsert, and then
// the cursor.
func (d *Device) Apply(page Page) {
	d.Applied++
	page = d.App.Knows(page)
	for _, rows := range d.Tables {
		for id, row := range rows {
			if slices.Contains(page.Drop, row.Bucket()) {
				delete(rows, id)
			}
		}
	}
	for table, change := range page.Changes {
		for _, gone := range change.Remove {
			if local, ok := d.Tables[table][gone.ID()]; ok && local.V() <= gone.V() {
				delete(d.Tables[table], gone.ID())
			}
		}
	}
	for table, change := range page.Changes {
		if d.Tables[table] == nil {
			d.Tables[table] = map[string]Row{}
		}
		for _, row := range change.Upsert {
			d.Tables[table][row.ID()] = row
		}
	}
	if page.Cursor != "" {
		d.Cursor = &page.Cursor
	}
}

// Row answers a local row, or nil.
func (d *Device) Row(table, id string) Row { return d.Tables[table][id] }

// Count answers how many local rows a table has.
func (d *Device) Count(table string) int { return len(d.Tables[table]) }

// Digest is the count and the checksum of one table within one bucket.
type Digest [2]int64

// Digests is the answer of POST /v1/sync/digests.
type Digests struct {
	Seq       int64                        `json:"seq"`
	CursorSeq int64                        `json:"cursor_seq"`
	Buckets   map[string]map[string]Digest `json:"buckets"`
}

// Digest computes the device's own digests as docs/protocol.md, section 8, defines
// them: per bucket and table the count and the sum mod 2³² of CRC-32 (IEEE) over
// table + "/" + id + "/" + _v.
func (d *Device) Digest() map[string]map[string]Digest {
	buckets := map[string]map[string]Digest{}
	for table, rows := range d.Tables {
		for id, row := range rows {
			if buckets[row.Bucket()] == nil {
				buckets[row.Bucket()] = map[string]Digest{}
			}
			sum := buckets[row.Bucket()][table]
			sum[0]++
			sum[1] = (sum[1] + int64(crc32.ChecksumIEEE(fmt.Appendf(nil, "%s/%s/%d", table, id, row.V())))) % (1 << 32)
			buckets[row.Bucket()][table] = sum
		}
	}
	return buckets
}
