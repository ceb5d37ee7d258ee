package sync

import (
	"context"

	"pursuit/models"
	"pursuit/models/store"
)

// Follow opens a live stream for a person and tells whether something in their scope
// is newer than since (negative: they do not ask). seq is how far that answer goes;
// the stream rings for everything later. The caller ends it with Unfollow.
// Source: docs/protocol.md, section 7.
func (e *Engine) Follow(ctx context.Context, who models.Actor, since int64) (s *Stream, seq int64, newer bool, err error) {
	h, err := e.head(ctx, who.Program)
	if err == nil && since > h.Seq { // our memory may lag behind another instance
		h, err = e.freshHead(ctx, who.Program)
	}
	if err != nil {
		return nil, 0, false, err
	}
	if s, seq, err = e.live.join(who, h.Seq); err != nil {
		return nil, 0, false, err
	}
	if since >= 0 {
		if newer, err = e.newer(ctx, who, since, seq); err != nil {
			e.Unfollow(s)
			return nil, 0, false, err
		}
	}
	return s, seq, newer, nil
}

// Unfollow closes a stream; nil, or closing it again, does nothing.
func (e *Engine) Unfollow(s *Stream) {
	if s != nil {
		e.live.leave(s)
	}
}

// newer tells whether a pull of a device that is at since would bring anything. A
// number ahead of the sequence means that the database went back in time: that
// device has to pull too.
func (e *Engine) newer(ctx context.Context, who models.Actor, since, seq int64) (bool, error) {
	if since >= seq {
		return since > seq, nil
	}
	o, ok, err := e.outlook(ctx, who, cursor{Eff: since, Pos: since, AsOf: since, Tables: models.AllTables}, seq)
	if err != nil || !ok {
		return false, err
	}
	if o.member.From > since {
		return true, nil
	}
	if moved, err := e.store.GrantsMoved(ctx, o.now, since, since); err != nil || moved {
		return moved, err
	}
	found := false
	err = e.store.Ongoing(ctx, o.now, since, seq, since, 1, func(store.PageRow) bool { found = true; return false })
	return found, err
}
