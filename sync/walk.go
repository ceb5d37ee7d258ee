package sync

import (
	"context"
	"hash/crc32"
	"slices"
	"sort"

	"pursuit/models"
	"pursuit/models/store"
)

// walk merges the two sources of a page in the order of (effective sequence, seq).
type walk struct {
	page   *Page
	extras []extra
	eff    int64 // of the last row in the page
	pos    int64
	until  int64 // where the sequence stood when the page was begun
	later  bool  // some row changed since; it may have been due before, so the device is to ask again
}

// ongoing takes the next changed row, and before it the extras that come first.
func (w *walk) ongoing(r store.PageRow) bool {
	if r.Seq > w.until {
		w.later = true
		return false
	}
	for len(w.extras) > 0 && before(w.extras[0].PageRow, r) {
		if !w.take(w.extras[0].PageRow, w.extras[0].gone) {
			return false
		}
		w.extras = w.extras[1:]
	}
	return w.take(r, false)
}

// rest takes the extras that come after the last changed row.
func (w *walk) rest() {
	for len(w.extras) > 0 && w.page.Complete && w.take(w.extras[0].PageRow, w.extras[0].gone) {
		w.extras = w.extras[1:]
	}
}

func (w *walk) take(r store.PageRow, gone bool) bool {
	if w.page.full() {
		w.page.Complete = false
		return false
	}
	w.page.add(r, gone)
	w.eff, w.pos = r.Eff, r.Pos
	return true
}

func before(a, b store.PageRow) bool {
	return a.Eff < b.Eff || a.Eff == b.Eff && a.Pos < b.Pos
}

func sortExtras(list []extra) {
	sort.SliceStable(list, func(i, j int) bool { return before(list[i].PageRow, list[j].PageRow) })
}

// bucketsMax is how many buckets the first walk asks for in one query.
const bucketsMax = 256

// first fills a page with the next part of everything in scope, bucket by bucket, as far as it
// has not changed since the walk began; what has comes afterwards, in the stream.
// Going by bucket brings whole cases one after another and needs no sorting.
func (e *Engine) first(ctx context.Context, who models.Actor, c cursor, h store.Head, p *Page) (*Page, error) {
	o, ok, err := e.outlook(ctx, who, c, c.madeAt(h))
	if err != nil {
		return nil, err
	}
	if ok {
		moved, err := e.store.GrantsMoved(ctx, o.now, c.AsOf, c.AsOf)
		if err != nil {
			return nil, err
		}
		if more, err := e.drops(ctx, p, &c, o, moved); err != nil || more {
			p.Cursor = e.seal(who, c)
			return p, err
		}
		next := func(after string) ([]string, error) { return e.heldAfter(ctx, o, after) }
		if err := e.walkBuckets(ctx, p, &c, o, next, c.Eff); err != nil {
			return nil, err
		}
	}
	c.AsOf = h.Seq
	if p.Complete {
		c.Mode, c.Pos, c.After = modeStream, c.Eff, ""
		now, err := e.freshHead(ctx, who.Program) // what changed since h is not in the page
		if err != nil {
			return nil, err
		}
		p.Complete = c.Eff == now.Seq
	}
	p.Cursor = e.seal(who, c)
	return p, nil
}

// heldAfter lists, in order, buckets held whose id is greater than after: those of
// the grants and the two that everyone holds.
func (e *Engine) heldAfter(ctx context.Context, o outlook, after string) ([]string, error) {
	list, err := e.store.Held(ctx, o.now, after, e.bucketsAtOnce)
	if err != nil {
		return nil, err
	}
	last := ""
	if len(list) == e.bucketsAtOnce { // what lies behind comes with the next ones
		last = list[len(list)-1]
	}
	for _, own := range o.now.Standing {
		if own > after && (last == "" || own < last) && !slices.Contains(list, own) {
			list = append(list, own)
		}
	}
	sort.Strings(list)
	return list, nil
}

// walkBuckets fills a page with the rows of the buckets that next lists, from the
// cursor on, and moves the cursor.
func (e *Engine) walkBuckets(ctx context.Context, p *Page, c *cursor, o outlook, next func(string) ([]string, error), upto int64) error {
	visit := func(r store.PageRow) bool {
		if p.full() {
			p.Complete = false
			return false
		}
		p.add(r, false)
		if bucket := r.Bucket(); string(bucket) != c.After {
			c.After = string(bucket)
		}
		c.Pos = r.Seq
		return true
	}
	if c.After != "" && c.Pos > 0 {
		held, err := next(predecessor(c.After))
		if err != nil {
			return err
		}
		if len(held) > 0 && held[0] == c.After { // still held: go on where the last page ended
			if err := e.store.Bucket(ctx, o.now, c.After, c.Pos, upto, p.limit+1, visit); err != nil || !p.Complete {
				return err
			}
		}
	}
	for after := c.After; ; {
		held, err := next(after)
		if err != nil || len(held) == 0 {
			return err
		}
		if err := e.store.Walk(ctx, o.now, held, 0, upto, p.limit+1-p.rows, visit); err != nil || !p.Complete {
			return err
		}
		after = held[len(held)-1]
	}
}

// predecessor is the largest id that is smaller than the given one.
func predecessor(id string) string {
	b := idBytes(id)
	for i := len(b) - 1; i >= 0; i-- {
		b[i]--
		if b[i] != 0xff {
			break
		}
	}
	return bytesID(b)
}

// pullBuckets gives the named buckets whole, those of them that are held.
// Source: docs/protocol.md, section 8.
func (e *Engine) pullBuckets(ctx context.Context, who models.Actor, req PullRequest, h store.Head, tables models.TableSet) (*Page, error) {
	ids := slices.Clone(req.Buckets)
	sort.Strings(ids)
	ids = slices.Compact(ids)
	tag := tagOf(ids)
	c := cursor{Mode: modeBuckets, Epoch: h.Epoch, Eff: h.Seq, AsOf: h.Seq, Tables: tables, Tag: tag}
	if req.Cursor != "" {
		var ok bool
		if c, ok = e.open(who, req.Cursor); !ok || c.Mode != modeBuckets || c.Tag != tag || c.Tables != tables {
			return nil, BadCursor()
		}
	}
	p := newPage(req.Limit)
	p.Replace = true
	o, ok, err := e.outlook(ctx, who, cursor{AsOf: h.Seq, Eff: h.Seq, Pos: h.Seq, Tables: tables}, h.Seq)
	if err != nil {
		return nil, err
	}
	if ok {
		held, err := e.heldAmong(ctx, o, ids)
		if err != nil {
			return nil, err
		}
		next := func(after string) ([]string, error) {
			i := sort.SearchStrings(held, after)
			if i < len(held) && held[i] == after {
				i++
			}
			return held[i:], nil
		}
		if err := e.walkBuckets(ctx, p, &c, o, next, endless); err != nil {
			return nil, err
		}
	}
	p.Cursor = e.seal(who, c)
	return p, nil
}

// endless is beyond every sequence number.
const endless = int64(1<<63 - 1)

func (e *Engine) heldAmong(ctx context.Context, o outlook, ids []string) ([]string, error) {
	held, err := e.store.HeldAmong(ctx, o.now, ids)
	if err != nil {
		return nil, err
	}
	for _, own := range o.now.Standing {
		if slices.Contains(ids, own) && !slices.Contains(held, own) {
			held = append(held, own)
		}
	}
	sort.Strings(held)
	return held, nil
}

func tagOf(ids []string) uint32 {
	sum := crc32.NewIEEE()
	for _, id := range ids {
		sum.Write([]byte(id))
	}
	return sum.Sum32()
}

// pullBackfill gives the rows of tables and fields that are new to an app that was
// upgraded from an older schema. Source: docs/protocol.md, section 9.
func (e *Engine) pullBackfill(ctx context.Context, who models.Actor, req PullRequest, h store.Head, tables models.TableSet) (*Page, error) {
	var news models.TableSet
	for _, t := range models.Tables.Tables {
		if t.NewAfter(req.Backfill) {
			news |= t.Bit()
		}
	}
	tables &= news
	c := cursor{Mode: modeSchema, Epoch: h.Epoch, Eff: h.Seq, AsOf: h.Seq, Tables: tables, Tag: uint32(req.Backfill)}
	if req.Cursor != "" {
		var ok bool
		if c, ok = e.open(who, req.Cursor); !ok || c.Mode != modeSchema || c.Tag != uint32(req.Backfill) || c.Tables != tables {
			return nil, BadCursor()
		}
	}
	p := newPage(req.Limit)
	o, ok, err := e.outlook(ctx, who, cursor{AsOf: h.Seq, Eff: h.Seq, Pos: h.Seq, Tables: tables}, h.Seq)
	if err != nil {
		return nil, err
	}
	if ok && tables != 0 {
		next := func(after string) ([]string, error) { return e.heldAfter(ctx, o, after) }
		if err := e.walkBuckets(ctx, p, &c, o, next, endless); err != nil {
			return nil, err
		}
	}
	p.Cursor = e.seal(who, c)
	return p, nil
}
