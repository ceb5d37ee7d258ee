package sync

import (
	"context"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// Answer is what a device gets for one request.
type Answer struct {
	Epoch     string
	Time      time.Time // the server's
	Seq       int64     // the program's sequence
	Results   []models.Result
	Page      *Page // nil when nothing was asked
	Directive *Directive
}

// Sync runs one request: the push half, then the pull half. An app that is too old
// has its push stored and is told to upgrade.
func (e *Engine) Sync(ctx context.Context, who models.Actor, req Request) (Answer, error) {
	a := Answer{Time: e.store.Clock()}
	var h store.Head
	var err error
	if req.Pull != nil && req.Pull.Cursor != "" { // a bad cursor is told before anything is stored
		c, ok := e.open(who, req.Pull.Cursor)
		streams := req.Pull.Buckets == nil && req.Pull.Backfill == 0
		if !ok || streams && !c.continues(wanted(req.Pull.Tables)) {
			return a, BadCursor()
		}
		if h, err = e.headFor(ctx, who, c); err != nil {
			return a, err
		}
	}
	if a.Results, err = e.Push(ctx, who, req.DeviceTime, req.Push); err != nil {
		return a, err
	}
	if h.Epoch == "" || len(req.Push) > 0 {
		if h, err = e.head(ctx, who.Program); err != nil {
			return a, err
		}
	}
	if req.Pull != nil {
		if a.Page, err = e.pull(ctx, who, *req.Pull, h); err != nil {
			return a, err
		}
		if err := e.notePull(ctx, who, a.Page); err != nil {
			return a, err
		}
		a.Directive = a.Page.Directive
		if a.Page.Drop == nil {
			a.Page.Drop = []string{}
		}
	}
	if req.Schema < models.MinSchema {
		a.Directive = &Directive{Kind: "upgrade", MinSchema: models.MinSchema}
	}
	if a.Directive != nil { // a new epoch may have begun
		if h, err = e.head(ctx, who.Program); err != nil {
			return a, err
		}
	}
	a.Epoch, a.Seq = h.Epoch, h.Seq
	e.answers.note(who, a.Seq, a.Time)
	return a, nil
}
