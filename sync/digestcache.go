package sync

import (
	"context"
	gosync "sync"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	sumsKept    = 100_000  // buckets in each of two generations: about 20 MB
	answersKept = 16 << 20 // bytes of whole answers in each of two generations
)

// digestCache remembers the digests of buckets and of whole scopes.
//
// A bucket's digest is good as long as the number of its last change is the same, a
// scope's as long as the program's sequence is: whatever changes rows, grants or
// memberships takes a number. A new epoch may give the same number to something
// else, and collecting tombstones may take the last change away: what was computed
// before is not used after. Both memories drop their older half when full.
type digestCache struct {
	room         chan struct{}
	atOnce, most int // buckets of a query and of an answer; tests take less

	mu           gosync.Mutex
	young, old   map[sumKey]keptSum
	fresh, stale map[answerKey]keptAnswer
	freshBytes   int
}

type sumKey struct {
	program int32
	bucket  [16]byte
}

type keptSum struct {
	bucketSum
	epoch string
	floor int64
}

type answerKey struct {
	program   int32
	user, org string
	role      models.Role
}

type keptAnswer struct {
	head store.Head
	body []byte
}

func newDigestCache() *digestCache {
	return &digestCache{room: make(chan struct{}, digestRoom), atOnce: digestsAtOnce, most: digestBuckets,
		young: map[sumKey]keptSum{}, fresh: map[answerKey]keptAnswer{}}
}

// recall gives a whole answer that is still good.
func (c *digestCache) recall(key answerKey, h store.Head, d *Digests) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.fresh[key]
	if !ok {
		a, ok = c.stale[key]
	}
	if !ok || a.head != h {
		return false
	}
	d.Seq, d.Buckets = h.Seq, a.body
	return true
}

func (c *digestCache) keep(key answerKey, h store.Head, body []byte) {
	if len(body) > answersKept/8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.freshBytes += cap(body); c.freshBytes > answersKept {
		c.stale, c.fresh, c.freshBytes = c.fresh, map[answerKey]keptAnswer{}, cap(body)
	}
	c.fresh[key] = keptAnswer{head: h, body: body}
}

// of gives the digests of buckets, of those that changed since from the database.
func (c *digestCache) of(ctx context.Context, s *store.Store, program int32, h store.Head, tops []store.Top) ([]bucketSum, error) {
	out := make([]bucketSum, len(tops))
	missing := map[string]int{}
	c.mu.Lock()
	for i, t := range tops {
		key := sumKey{program, [16]byte(idBytes(t.Bucket))}
		kept, ok := c.young[key]
		if !ok {
			if kept, ok = c.old[key]; ok {
				c.put(key, kept)
			}
		}
		if ok && kept.top == t.Seq && kept.epoch == h.Epoch && kept.floor == h.Floor {
			out[i] = kept.bucketSum
			continue
		}
		missing[t.Bucket] = i
	}
	c.mu.Unlock()
	if len(missing) == 0 {
		return out, nil
	}
	names := make([]string, 0, len(missing))
	for bucket, i := range missing {
		out[i] = bucketSum{}
		names = append(names, bucket)
	}
	if err := readSums(ctx, s, program, names, missing, out); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for bucket, i := range missing {
		c.put(sumKey{program, [16]byte(idBytes(bucket))}, keptSum{bucketSum: out[i], epoch: h.Epoch, floor: h.Floor})
	}
	return out, nil
}

// readSums computes the digests of buckets from their rows, all as of one moment.
func readSums(ctx context.Context, s *store.Store, program int32, buckets []string, at map[string]int, out []bucketSum) error {
	text := make([]byte, 0, 128)
	return s.BucketKeys(ctx, program, buckets, func(r store.KeyRow) {
		sum := &out[at[string(r.Bucket)]]
		sum.top = max(sum.top, r.Seq)
		table := models.Tables.TableNo(r.Table)
		if r.Deleted || table == nil {
			return
		}
		var crc uint32
		crc, text = rowSum(text, table.Name, r.ID, r.Seq)
		sum.add(r.Table, crc)
	})
}

// put remembers a bucket's digest; c.mu is held.
func (c *digestCache) put(key sumKey, kept keptSum) {
	if len(c.young) >= sumsKept {
		c.old, c.young = c.young, map[sumKey]keptSum{}
	}
	c.young[key] = kept
}
