package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	gosync "sync"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// Actions of the audit. Callers beside the engine name their own.
const (
	AuditPush       = "push"        // a device's mutations, with what became of them
	AuditSettle     = "settle"      // mutations that had waited, applied or quarantined later
	AuditPull       = "pull"        // the rows that a page sent to a device
	AuditServer     = "server"      // rows that the server made or changed, of itself or because of mutations in the same commit
	AuditOrgMade    = "org.made"    // an organisation
	AuditUserMade   = "user.made"   // a user
	AuditUserChange = "user.change" // which fields of a user
	AuditRestored   = "restored"    // a backup was restored
)

const (
	auditEvery   = 50 * time.Millisecond // what a page sent is stored within this and a transaction
	auditBytes   = 16 << 20              // waiting; beyond, whoever adds to it stores it
	auditPerTx   = 512                   // entries of one transaction: pushes wait behind it
	auditTxBytes = 4 << 20
	auditLast    = 10 * time.Second // for the last flush, at shutdown
	auditRetry   = time.Second      // after a failure
	entryBytes   = 200              // of an entry beside its detail
)

// auditQueue gathers entries that are not part of a transaction of their own.
type auditQueue struct {
	mu      gosync.Mutex
	waiting map[int32][]store.AuditEntry
	bytes   int
	entries int
	bell    chan struct{}

	flushing gosync.Mutex
}

func newAuditQueue() *auditQueue {
	return &auditQueue{waiting: map[int32][]store.AuditEntry{}, bell: make(chan struct{}, 1)}
}

// add queues an entry and tells whether too much waits. Twice too much is refused:
// then the database does not take writes, and nothing is read that is not audited.
func (q *auditQueue) add(program int32, a store.AuditEntry) (full bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes >= 2*auditBytes {
		return true, &models.Error{Kind: models.KindUnavailable, Code: "unavailable", Text: "The audit cannot be written now.", RetryAfter: 5}
	}
	q.waiting[program] = append(q.waiting[program], a)
	q.entries++
	q.bytes += len(a.Detail) + entryBytes
	select {
	case q.bell <- struct{}{}:
	default:
	}
	return q.bytes >= auditBytes, nil
}

// take removes the oldest entries of some program, as many as a transaction writes.
func (q *auditQueue) take() (int32, []store.AuditEntry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for program, list := range q.waiting {
		n, size := 0, 0
		for n < len(list) && n < auditPerTx && size < auditTxBytes {
			size += len(list[n].Detail) + entryBytes
			n++
		}
		taken := list[:n:n]
		if q.waiting[program] = list[n:]; n == len(list) {
			delete(q.waiting, program)
		}
		q.bytes, q.entries = q.bytes-size, q.entries-n
		return program, taken
	}
	return 0, nil
}

// giveBack puts entries that could not be written before those that came meanwhile.
func (q *auditQueue) giveBack(program int32, list []store.AuditEntry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[program] = append(append([]store.AuditEntry(nil), list...), q.waiting[program]...)
	for _, a := range list {
		q.bytes += len(a.Detail) + entryBytes
	}
	q.entries += len(list)
}

// depth tells how many entries wait.
func (q *auditQueue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.entries
}

// Audit records that a person did or saw something: a search, an export, a call of
// an admin. detail holds ids and counts, never content, and is kept as JSON.
//
// It returns before the entry is stored, which takes about auditEvery; a crash in
// between loses it, a shutdown does not. The error means that it will not be stored,
// and that the caller must not answer either. Source: docs/adr/0005-audit.md.
func (e *Engine) Audit(ctx context.Context, who models.Actor, action string, detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return e.note(ctx, who, action, text)
}

func (e *Engine) note(ctx context.Context, who models.Actor, action string, detail []byte) error {
	full, err := e.audit.add(who.Program, store.AuditEntry{At: e.store.Clock().UnixMilli(), Actor: who.UserID,
		Device: who.DeviceID, Action: action, Detail: detail})
	if err != nil || !full {
		return err
	}
	return e.FlushAudit(ctx)
}

// notePull records which rows a page sends.
func (e *Engine) notePull(ctx context.Context, who models.Actor, p *Page) error {
	if len(p.Sent) == 0 {
		return nil
	}
	return e.note(ctx, who, AuditPull, sentDetail(p.Sent))
}

// FlushAudit stores what waits.
func (e *Engine) FlushAudit(ctx context.Context) error {
	e.audit.flushing.Lock()
	defer e.audit.flushing.Unlock()
	for {
		program, list := e.audit.take()
		if list == nil {
			return nil
		}
		err := store.InProgram(ctx, e.store, program, func(tx *store.ProgramTx) error { return tx.Audit(list...) })
		if err != nil {
			e.audit.giveBack(program, list)
			return fmt.Errorf("store audit: %w", err)
		}
	}
}

// keepAudit stores what waits, about every auditEvery, until ctx ends; then the rest.
func (e *Engine) keepAudit(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-e.audit.bell:
		}
		pause := auditEvery
		if err := e.FlushAudit(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("the audit cannot be written", "error", err)
			pause = auditRetry
			e.audit.ring()
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditLast)
	defer cancel()
	if err := e.FlushAudit(last); err != nil {
		e.log.Error("the last of the audit was not written", "entries", e.audit.depth(), "error", err)
	}
}

func (q *auditQueue) ring() {
	select {
	case q.bell <- struct{}{}:
	default:
	}
}

// auditPushes records, in the transaction that stores them, the requests that
// changed something, the mutations that had waited until now, and what the server
// made of itself, the outcome of the last resort included.
func (w *world) auditPushes(batch []*pending) error {
	if err := w.judge(); err != nil {
		return err
	}
	var entries []store.AuditEntry
	for _, p := range batch {
		if detail := pushDetail(p); detail != nil {
			entries = append(entries, store.AuditEntry{Actor: p.who.UserID, Device: p.who.DeviceID, Action: AuditPush, Detail: detail})
		}
	}
	for _, s := range w.settled {
		entries = append(entries, store.AuditEntry{Actor: s.job.who.UserID, Device: s.job.device, Action: AuditSettle, Detail: s.detail()})
	}
	return w.tx.Audit(append(entries, w.serverEntry(batch)...)...)
}

// serverEntry is the entry of the rows that changed and that no mutation names: a
// status event, a disclosure, a reminder. None when there are none, as with most
// pushes; the server has no user id.
func (w *world) serverEntry(batch []*pending) []store.AuditEntry {
	named := make(map[string]bool, len(w.changed))
	for _, p := range batch {
		for i := range p.items {
			named[p.items[i].Row] = true
		}
	}
	for i := range w.settled {
		named[w.settled[i].job.Row] = true
	}
	var made []Sent
	for _, key := range w.changed {
		if !named[key.id] {
			made = append(made, Sent{Table: key.table.No, ID: key.id, Seq: w.rows[key].row.V})
		}
	}
	if len(made) == 0 {
		return nil
	}
	return []store.AuditEntry{{Action: AuditServer, Detail: sentDetail(made)}}
}

// accountEntry is the audit entry of a call about an organisation or a user: which,
// and which fields, but no value of them.
func accountEntry(who models.Actor, action, id string, fields []string) store.AuditEntry {
	text, err := json.Marshal(struct {
		ID     string   `json:"id"`
		Fields []string `json:"fields,omitempty"`
	}{id, fields})
	if err != nil { // strings always marshal
		text = []byte("{}")
	}
	return store.AuditEntry{Actor: who.UserID, Device: who.DeviceID, Action: action, Detail: text}
}

// changedFields names what differs between two states of a user.
func changedFields(old, u models.User) []string {
	var out []string
	for name, differs := range map[string]bool{
		"email": old.Email != u.Email, "name": old.Name != u.Name, "role": old.Role != u.Role, "org_id": old.OrgID != u.OrgID,
		"locale": old.Locale != u.Locale, "time_zone": old.TimeZone != u.TimeZone, "active": old.Active != u.Active,
		"password": old.PasswordHash != u.PasswordHash, "quiet_hours": old.QuietStart != u.QuietStart || old.QuietEnd != u.QuietEnd,
	} {
		if differs {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}
