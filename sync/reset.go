package sync

import (
	"context"

	"pursuit/models"
	"pursuit/models/store"
)

// reconciled marks a cursor whose device was told to reconcile because of a long
// absence, so that it is told once.
const reconciled = 1

// reconcile answers a cursor from before the tombstones that are still kept: what
// changed since comes as ever, what was deleted shows in the digests.
func (e *Engine) reconcile(who models.Actor, c cursor) *Page {
	c.Tag = reconciled
	p := newPage(1)
	p.Complete = false
	p.Directive = &Directive{Kind: "reconcile"}
	p.Cursor = e.seal(who, c)
	return p
}

// restored answers a genuine cursor that the database cannot have given out: it went
// back in time. A cursor ahead of the sequence, or of an epoch never heard of, begins
// a new epoch. The device is told to reconcile and goes on from the last number that
// its history shares with the present one.
// Source: docs/protocol.md, section 9; docs/adr/0004-epochs.md.
func (e *Engine) restored(ctx context.Context, who models.Actor, c cursor, h store.Head) (*Page, error) {
	shared, known, err := e.store.EpochEnd(ctx, who.Program, c.Epoch)
	if err != nil {
		return nil, err
	}
	if !known {
		if h, err = e.beginEpoch(ctx, who, c, h); err != nil {
			return nil, err
		}
		if shared, _, err = e.store.EpochEnd(ctx, who.Program, c.Epoch); err != nil {
			return nil, err
		}
	}
	c.Epoch, c.Dropped, c.DropAt = h.Epoch, "", 0
	c.Eff, c.AsOf = min(c.Eff, shared), min(c.AsOf, shared)
	if c.Mode == modeStream {
		c.Pos = min(c.Pos, c.Eff)
	}
	return e.reconcile(who, c), nil
}

// beginEpoch begins the epoch that a cursor calls for, and answers with its head.
func (e *Engine) beginEpoch(ctx context.Context, who models.Actor, c cursor, h store.Head) (store.Head, error) {
	if err := e.store.NewEpoch(ctx, who.Program, c.Epoch, c.highest()); err != nil {
		return h, err
	}
	e.log.Warn("the database went back in time; a new epoch begins", "program", who.Program, "seq", h.Seq)
	e.heads.forget()
	return e.freshHead(ctx, who.Program)
}

// headFor gives the program's head to a request that brings a genuine cursor, before
// anything else of it is done. Where the cursor proves that the database went back in
// time it begins a new epoch. Were that noticed after the push, the push would take up
// numbers of the lost history, up to the cursor's own: then nothing would prove it.
func (e *Engine) headFor(ctx context.Context, who models.Actor, c cursor) (store.Head, error) {
	h, err := e.head(ctx, who.Program)
	if err != nil || c.Epoch == h.Epoch && c.highest() <= h.Seq {
		return h, err
	}
	if h, err = e.freshHead(ctx, who.Program); err != nil || c.Epoch == h.Epoch && c.highest() <= h.Seq {
		return h, err
	}
	if _, known, err := e.store.EpochEnd(ctx, who.Program, c.Epoch); known || err != nil {
		return h, err
	}
	return e.beginEpoch(ctx, who, c, h)
}

// Restored begins a new epoch of every program, after a backup was restored.
func (e *Engine) Restored(ctx context.Context) error {
	programs, err := e.store.Programs(ctx)
	if err != nil {
		return err
	}
	for _, p := range programs {
		h, err := e.store.Head(ctx, p.No)
		if err != nil {
			return err
		}
		if err := e.store.NewEpoch(ctx, p.No, h.Epoch, h.Seq); err != nil {
			return err
		}
		if err := e.Audit(ctx, models.Actor{Program: p.No}, AuditRestored, map[string]any{"seq": h.Seq}); err != nil {
			return err
		}
	}
	e.heads.forget()
	return e.FlushAudit(ctx)
}
