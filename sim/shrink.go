package sim

import (
	"context"
	"errors"
	"time"
)

// Shrink looks for a shorter list of operations that still breaks a promise, by
// taking out ever smaller pieces, until nothing more can go or the time is up. It
// answers the list and the failure that it ends in.
func (w *World) Shrink(ctx context.Context, ops []Op, failure *Failure, limit time.Duration) ([]Op, *Failure) {
	deadline := time.Now().Add(limit)
	if failure.Op < len(ops) {
		ops = ops[:failure.Op+1]
	}
	for piece := (len(ops) + 1) / 2; piece > 0; piece /= 2 {
		for at := 0; at < len(ops); {
			if time.Now().After(deadline) {
				return ops, failure
			}
			shorter := append(append([]Op{}, ops[:at]...), ops[min(at+piece, len(ops)):]...)
			var next *Failure
			if _, err := w.Play(ctx, shorter, true); errors.As(err, &next) {
				ops, failure = shorter, next
				continue
			}
			at += piece
		}
	}
	return ops, failure
}
