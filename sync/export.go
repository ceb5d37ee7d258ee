package sync

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"pursuit/models"
)

const (
	// A page of an export is larger than one for a phone: what a page costs beside its
	// rows is looking up what the caller holds. Two pages are in memory.
	exportRows = 20_000
	exportRoom = 2 << 20 // bytes of documents

	// exportPages bounds one export: more than a program holds.
	exportPages = 100_000

	// exportEntry is how many rows one entry of the audit names: 100 KB of them.
	exportEntry = 5000
)

// Export hands out every row of a table that a person may see, as a first pull of it
// would: the same scope, the same documents, deleted rows left out. A row that changes
// meanwhile is handed out once, as it was first met. What is about to be handed out is
// in the audit before, under "export." and the table, with asked beside it; asked holds
// ids, codes and dates and is kept as JSON. A document is only good until the next one.
//
// The error is forbidden for a table that the role never receives, unavailable when a
// backup was restored meanwhile, and whatever visit returns.
func (e *Engine) Export(ctx context.Context, who models.Actor, table *models.Table, asked any, visit func(doc []byte) error) error {
	if !MayExport(who, table) {
		return models.Forbidden("This table is withheld from your role.")
	}
	question, err := json.Marshal(asked)
	if err != nil {
		return fmt.Errorf("export of %s: %w", table.Name, err)
	}
	ctx, stop := context.WithCancel(ctx)
	x := &export{engine: e, who: who, table: table, asked: question, visit: visit,
		ready: make(chan exportPage), free: make(chan *Page, 2)} // the two pages
	for range cap(x.free) {
		x.free <- &Page{limit: e.exportAtOnce, room: exportRoom, Complete: true}
	}
	failed := make(chan error, 1)
	go func() {
		defer close(x.ready)
		failed <- x.read(ctx)
	}()
	err = x.handOut(ctx)
	stop()
	if reading := <-failed; err == nil {
		err = reading
	}
	return err
}

// MayExport tells whether a person's export of a table may hold anything: those who
// work cases take their tables along, a director and an admin the directory and the
// settings; partners and law enforcement nothing.
func MayExport(who models.Actor, table *models.Table) bool {
	switch {
	case who.Role == models.RoleReferralPartner || who.OrgKind == models.OrgLawEnforcement:
		return false
	case who.Role.HoldsCases():
		return !table.HiddenFrom(who.Role)
	}
	return table.Bucket == models.BucketOrganisation || table.Bucket == models.BucketProgram
}

// export is an export under way: while one page is written, the next is read.
type export struct {
	engine *Engine
	who    models.Actor
	table  *models.Table
	asked  []byte // as JSON
	visit  func(doc []byte) error

	ready chan exportPage
	free  chan *Page

	given []uuid.UUID        // in the first walk, which meets no row twice
	twice map[uuid.UUID]bool // the same to look up, once the stream brings rows
}

// exportPage is a page that was read, of the first walk or of the stream after it.
type exportPage struct {
	*Page
	walked bool
}

// read pulls page after page, ahead of what hands them out.
func (x *export) read(ctx context.Context) error {
	e, cursor, walked := x.engine, "", true
	for range exportPages {
		var p *Page
		select {
		case p = <-x.free:
		case <-ctx.Done():
			return ctx.Err()
		}
		p.again()
		p, err := e.Pull(ctx, x.who, PullRequest{Cursor: cursor, Tables: []string{x.table.Name}, into: p})
		if err != nil {
			return err
		}
		if p.Directive != nil { // half of it may be from before
			return &models.Error{Kind: models.KindUnavailable, Code: "unavailable", Text: "A backup was restored meanwhile. Please ask again.", RetryAfter: 1}
		}
		next, last := p.Cursor, p.Complete
		select {
		case x.ready <- exportPage{p, walked}:
		case <-ctx.Done():
			return ctx.Err()
		}
		if last {
			return nil
		}
		at, _ := e.open(x.who, next) // it was sealed just now
		cursor, walked = next, at.Mode == modeFirst
	}
	return fmt.Errorf("export of %s: more than %d pages", x.table.Name, exportPages)
}

// handOut records and visits the rows of each page.
func (x *export) handOut(ctx context.Context) error {
	for p := range x.ready {
		fresh, docs, err := x.fresh(p)
		if err != nil {
			return err
		}
		if err := x.record(ctx, fresh); err != nil {
			return err
		}
		for _, doc := range docs {
			if err := x.visit(doc); err != nil {
				return err
			}
		}
		x.free <- p.Page
	}
	return nil
}

// fresh lists a page's rows that were not handed out before, with their documents.
func (x *export) fresh(p exportPage) (fresh []Sent, docs [][]byte, err error) {
	if len(p.Sent) == 0 {
		return nil, nil, nil
	}
	fresh, docs = p.Sent[:0], make([][]byte, 0, len(p.Sent))
	rest := p.tables[x.table.No].upsert
	for _, s := range p.Sent {
		if s.Size == 0 {
			continue
		}
		doc := rest[:s.Size]
		if rest = rest[s.Size:]; len(rest) > 0 {
			rest = rest[1:] // the comma
		}
		id, err := uuid.Parse(s.ID)
		if err != nil {
			return nil, nil, fmt.Errorf("export of %s: read an id: %w", x.table.Name, err)
		}
		if x.first(id, p.walked) {
			fresh, docs = append(fresh, s), append(docs, doc)
		}
	}
	return fresh, docs, nil
}

// first tells whether a row is met for the first time, and remembers it.
func (x *export) first(id uuid.UUID, walked bool) bool {
	if walked {
		x.given = append(x.given, id)
		return true
	}
	if x.twice == nil {
		x.twice = make(map[uuid.UUID]bool, len(x.given))
		for _, given := range x.given {
			x.twice[given] = true
		}
		x.given = nil
	}
	if x.twice[id] {
		return false
	}
	x.twice[id] = true
	return true
}

// record puts rows into the audit, before they are handed out.
func (x *export) record(ctx context.Context, rows []Sent) error {
	for len(rows) > 0 {
		n := min(len(rows), exportEntry)
		if err := x.engine.note(ctx, x.who, "export."+x.table.Name, exportDetail(x.asked, rows[:n])); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
