package sync

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	auditWindow    = 100_000 // entries looked through for one page; a rare filter goes on from Next
	auditPageBytes = 1 << 20 // of details in one page
	auditChunk     = 256     // entries read at once: one may be 100 KB
)

// AuditQuery narrows a reading of the audit; zero values do not. Row finds the
// entries that name a row, whoever wrote or read it.
type AuditQuery struct {
	store.AuditFilter
	Row string
}

// AuditRecord is one entry as admins see it.
type AuditRecord struct {
	N      int64           `json:"n"`
	At     string          `json:"at"`
	Actor  *string         `json:"actor"` // user id; null = the server itself
	Device *string         `json:"device"`
	Action string          `json:"action"`
	Detail json.RawMessage `json:"detail"`
	Hash   string          `json:"hash"` // of this entry and all before it
}

// ReadAudit gives a page of the caller's program's audit, newest first, and the
// number before which the next page begins; 0 at the end. before is 0 at the start.
// A page may be short, even empty, and not the last.
func (e *Engine) ReadAudit(ctx context.Context, who models.Actor, q AuditQuery, before int64, limit int) ([]AuditRecord, int64, error) {
	if err := e.FlushAudit(ctx); err != nil {
		return nil, 0, err
	}
	last, _, err := e.store.AuditHead(ctx, who.Program)
	if err != nil {
		return nil, 0, err
	}
	if before <= 0 || before > last {
		before = last + 1
	}
	p := auditPage{query: q, limit: limit, list: []AuditRecord{}}
	floor := max(before-1-auditWindow, 0)
	for below, seen := before, auditChunk; seen == auditChunk && p.next == 0; {
		seen = 0
		err := e.store.AuditWindow(ctx, who.Program, q.AuditFilter, floor, below, auditChunk, func(a store.AuditEntry) bool {
			seen, below = seen+1, a.N
			return p.take(a)
		})
		if err != nil {
			return nil, 0, err
		}
	}
	if p.next == 0 && floor > 0 {
		p.next = floor + 1
	}
	return p.list, p.next, nil
}

// auditPage is a page of the audit that is being filled.
type auditPage struct {
	query AuditQuery
	limit int
	list  []AuditRecord
	size  int
	next  int64
}

// take adds an entry that the query asks for; false when it has no place.
func (p *auditPage) take(a store.AuditEntry) bool {
	if row := p.query.Row; row != "" && !bytes.Contains(a.Detail, idBytes(row)) && !bytes.Contains(a.Detail, []byte(row)) {
		return true
	}
	if len(p.list) == p.limit || len(p.list) > 0 && p.size+len(a.Detail) > auditPageBytes {
		p.next = a.N + 1
		return false
	}
	p.size += len(a.Detail)
	p.list = append(p.list, record(a))
	return true
}

func record(a store.AuditEntry) AuditRecord {
	r := AuditRecord{N: a.N, At: models.FormatTime(millis(a.At)), Action: a.Action, Detail: shown(a.Detail), Hash: hex.EncodeToString(a.Hash)}
	if a.Actor != store.NoPrincipal {
		r.Actor = &a.Actor
	}
	if a.Device != "" {
		r.Device = &a.Device
	}
	return r
}
