package sync

import (
	"context"
	"hash/crc32"
	"strconv"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	digestBuckets = 20_000 // in one answer: about 2 MB; a larger scope goes on from Next
	digestsAtOnce = 512    // buckets asked for in one query
	newsMost      = 2000   // changes of the program that are looked through instead of every bucket held
	digestRoom    = 2      // scopes summed side by side; those that wait hold no connection
)

// Digests tells what a person's device must hold, in numbers.
type Digests struct {
	Seq       int64
	CursorSeq int64
	Buckets   []byte // JSON: {bucket: {table: [count, sum]}}
	Next      string // the bucket after which to go on, when there are more than one answer holds
}

// Digests sums the live rows of a person's scope as it is now, bucket by bucket and
// table by table: their count, and the sum modulo 2^32 of the CRC-32 (IEEE) of
// "table/id/_v". Seq is at least the number of every row that went into the sums.
//
// The error is bad_cursor or a fault of the database. A genuine cursor of another
// epoch, or ahead of the sequence, is answered with the number it stands at.
// Source: docs/protocol.md, section 8.
func (e *Engine) Digests(ctx context.Context, who models.Actor, text, after string) (Digests, error) {
	var d Digests
	var h store.Head
	var err error
	if text != "" {
		c, ok := e.open(who, text)
		if !ok || c.Mode != modeStream && c.Mode != modeFirst {
			return d, BadCursor()
		}
		if h, err = e.headFor(ctx, who, c); err != nil {
			return d, err
		}
		d.CursorSeq = c.delivered()
	}
	if h.Epoch == "" {
		if h, err = e.head(ctx, who.Program); err != nil {
			return d, err
		}
	}
	key := answerKey{program: who.Program, user: who.UserID, org: who.OrgID, role: who.Role}
	if after == "" {
		if good, err := e.recall(ctx, key, h, &d); err != nil || good {
			return d, err
		}
	}
	return d, e.sum(ctx, who, h, after, &d)
}

// recall answers from memory: as it was when nothing happened in the program since,
// and with the buckets that changed computed anew when nothing else happened.
func (e *Engine) recall(ctx context.Context, key answerKey, h store.Head, d *Digests) (bool, error) {
	kept, ok := e.digests.kept(key)
	if !ok || kept.head.Epoch != h.Epoch || kept.head.Floor != h.Floor || h.Seq < kept.head.Seq || h.Seq-kept.head.Seq > newsMost {
		return false, nil
	}
	if kept.head.Seq == h.Seq {
		d.Seq, d.Buckets = h.Seq, kept.body
		return true, nil
	}
	kept.view.At = h.Seq
	news, err := e.store.NewsOf(ctx, kept.view, key.user, kept.head.Seq)
	if err != nil || news.Moved {
		return false, err
	}
	tops, touched := kept.with(news.Changed)
	d.Seq, d.Buckets = h.Seq, kept.body
	if touched {
		d.Buckets = []byte{'{'}
		if err := e.append(ctx, key.program, kept.view, h, tops, d); err != nil {
			return false, err
		}
		d.Buckets = append(d.Buckets, '}')
	}
	e.digests.keep(key, keptAnswer{head: h, view: kept.view, tops: tops, body: d.Buckets}, d.Seq)
	return true, nil
}

// append writes the digests of buckets.
func (e *Engine) append(ctx context.Context, program int32, v store.View, h store.Head, tops []store.Top, d *Digests) error {
	sums, err := e.digests.of(ctx, e.store, program, h, tops)
	if err != nil {
		return err
	}
	for i, t := range tops {
		d.Seq = max(d.Seq, sums[i].top)
		d.Buckets = sums[i].appendTo(d.Buckets, t.Bucket, v.Tables)
	}
	return nil
}

// delivered is the number up to which a device with this cursor has everything.
func (c cursor) delivered() int64 {
	switch {
	case c.Mode == modeFirst: // in the middle of its first walk
		return 0
	case c.Pos != c.Eff:
		return c.Eff - 1
	}
	return c.Eff
}

// sum computes the digests of a scope; buckets that did not change since somebody
// last asked are known.
func (e *Engine) sum(ctx context.Context, who models.Actor, h store.Head, after string, d *Digests) error {
	select {
	case e.digests.room <- struct{}{}:
		defer func() { <-e.digests.room }()
	case <-ctx.Done():
		return ctx.Err()
	}
	d.Seq, d.Buckets = h.Seq, append(d.Buckets, '{')
	o, ok, err := e.outlook(ctx, who, cursor{Eff: h.Seq, Pos: h.Seq, AsOf: h.Seq, Tables: models.AllTables}, h.Seq)
	if err != nil {
		return err
	}
	kept := keptAnswer{head: h, view: o.now}
	whole := after == ""
	for n := 0; ok; n += e.digests.atOnce {
		if n >= e.digests.most {
			d.Next = after
			break
		}
		tops, err := e.store.Tops(ctx, o.now, after, e.digests.atOnce)
		if err != nil {
			return err
		}
		if len(tops) == 0 {
			break
		}
		if err := e.append(ctx, who.Program, o.now, h, tops, d); err != nil {
			return err
		}
		kept.tops = append(kept.tops, tops...)
		if after = tops[len(tops)-1].Bucket; len(tops) < e.digests.atOnce {
			break
		}
	}
	d.Buckets = append(d.Buckets, '}')
	if kept.body = d.Buckets; ok && whole && d.Next == "" {
		e.digests.keep(answerKey{program: who.Program, user: who.UserID, org: who.OrgID, role: who.Role}, kept, d.Seq)
	}
	return nil
}

// bucketSum is the digest of one bucket, as it was when its last change was top.
type bucketSum struct {
	top    int64
	tables []tableSum // by table number
}

type tableSum struct {
	table uint8
	count uint32
	sum   uint32
}

// add counts a live row.
func (b *bucketSum) add(table int, crc uint32) {
	for i := range b.tables {
		if int(b.tables[i].table) == table {
			b.tables[i].count++
			b.tables[i].sum += crc
			return
		}
	}
	b.tables = append(b.tables, tableSum{table: uint8(table), count: 1, sum: crc})
}

// appendTo writes the bucket's tables of a set, unless there is none.
func (b *bucketSum) appendTo(out []byte, bucket string, visible models.TableSet) []byte {
	first := true
	for _, t := range b.tables {
		table := models.Tables.TableNo(int(t.table))
		if table == nil || !visible.Has(table) {
			continue
		}
		if first {
			out = separateIn(out)
			out = append(append(append(out, '"'), bucket...), `":{`...)
			first = false
		} else {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), table.Name...), `":[`...)
		out = strconv.AppendUint(out, uint64(t.count), 10)
		out = append(out, ',')
		out = strconv.AppendUint(out, uint64(t.sum), 10)
		out = append(out, ']')
	}
	if first {
		return out
	}
	return append(out, '}')
}

// separateIn puts a comma between the members of an object that is being written.
func separateIn(out []byte) []byte {
	if out[len(out)-1] == '{' {
		return out
	}
	return append(out, ',')
}

// rowSum is the CRC-32 of one row, with room for its text kept by the caller.
func rowSum(text []byte, table string, id []byte, v int64) (uint32, []byte) {
	text = append(append(append(text[:0], table...), '/'), id...)
	text = strconv.AppendInt(append(text, '/'), v, 10)
	return crc32.ChecksumIEEE(text), text
}
