package demo

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"time"
)

// dice are seeded by a name, so that each case rolls its own and a change to one
// leaves the others as they were.
type dice struct{ source *rand.PCG }

func diceFor(name string) *dice {
	sum := sha256.Sum256([]byte(name))
	return &dice{rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16]))}
}

// below rolls 0 to n−1; below(0) and less is 0.
func (d *dice) below(n int) int {
	if n <= 0 {
		return 0
	}
	return int(d.source.Uint64() % uint64(n)) // the bias of the remainder is far below what a demo shows
}

// between rolls lo to hi, both included; hi below lo gives lo.
func (d *dice) between(lo, hi int) int { return lo + d.below(hi-lo+1) }

// percent is true in p of 100 rolls.
func (d *dice) percent(p int) bool { return d.below(100) < p }

func pick[T any](d *dice, list []T) T { return list[d.below(len(list))] }

func shuffle[T any](d *dice, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := d.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}

// share is one choice with its weight among others.
type share struct {
	code   string
	weight int
}

// draw picks a code by weight.
func (d *dice) draw(shares []share) string {
	total := 0
	for _, s := range shares {
		total += s.weight
	}
	roll := d.below(total)
	for _, s := range shares {
		if roll < s.weight {
			return s.code
		}
		roll -= s.weight
	}
	return shares[0].code
}

// idFor makes a UUID in the shape of version 7 whose random part follows from the
// name: it sorts by time like a phone's own, and is the same in every build.
func idFor(at time.Time, name string) string {
	sum := sha256.Sum256([]byte(name))
	id := sum[:16]
	millis := uint64(at.UnixMilli())
	for i := range 6 {
		id[i] = byte(millis >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70 // version 7
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	text := make([]byte, 0, 36)
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}
