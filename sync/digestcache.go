package sync

import (
	"context"
	"slices"
	"strings"
	gosync "sync"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	sumsKept    = 100_000  // buckets in each of two generations: about 20 MB
	answersKept = 16 << 20 // bytes of whole answers in each of two generations
	topBytes    = 64       // of a bucket in the list beside an answer
)

// digestCache remembers the digests of buckets and of whole scopes.
//
// A bucket's digest is good as long as the number of its last change is the same, a
// scope's as long as nothing in it took a number: whatever changes rows, grants or
// memberships does. A new epoch may give the same number to something
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

// keptAnswer is a scope as it was at a head: its buckets in order, with the number of
// the last change of each that was known, and the answer.
type keptAnswer struct {
	head store.Head
	view store.View
	tops []store.Top
	body []byte
}

// with gives the buckets with their latest changes, and whether any of them changed.
func (a keptAnswer) with(changed []store.Top) ([]store.Top, bool) {
	tops, touched := a.tops, false
	for _, t := range changed {
		i, ok := slices.BinarySearchFunc(tops, t.Bucket, func(have store.Top, want string) int { return strings.Compare(have.Bucket, want) })
		if !ok {
			continue
		}
		if !touched {
			tops, touched = slices.Clone(tops), true
		}
		tops[i].Seq = t.Seq
	}
	return tops, touched
}

func newDigestCache() *digestCache {
	return &digestCache{room: make(chan struct{}, digestRoom), atOnce: digestsAtOnce, most: digestBuckets,
		young: map[sumKey]keptSum{}, fresh: map[answerKey]keptAnswer{}}
}

// kept gives the last answer to a person.
func (c *digestCache) kept(key answerKey) (keptAnswer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.fresh[key]
	if !ok {
		a, ok = c.stale[key]
	}
	return a, ok
}

// keep remembers an answer, unless what went into it is newer than its head.
func (c *digestCache) keep(key answerKey, a keptAnswer, seq int64) {
	size := cap(a.body) + len(a.tops)*topBytes + entryBytes
	if seq != a.head.Seq || size > answersKept/8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.freshBytes += size; c.freshBytes > answersKept {
		c.stale, c.fresh, c.freshBytes = c.fresh, map[answerKey]keptAnswer{}, size
	}
	c.fresh[key] = a
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
