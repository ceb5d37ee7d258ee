package push

import "context"

// gather makes one call of many: what is asked while a call runs goes into the next
// one. Of 512 sends side by side each reads and records a row; together that is a
// query and a transaction instead of 512.
type gather[Q, A any] struct {
	most  int // questions of one call
	asked chan question[Q, A]
	// answer answers questions, one answer each; its error is everybody's.
	answer func(ctx context.Context, list []Q) ([]A, error)
}

type question[Q, A any] struct {
	of Q
	to chan answered[A] // has room for the answer: nobody waits for who gave up
}

type answered[A any] struct {
	is  A
	err error
}

func newGather[Q, A any](most int, answer func(context.Context, []Q) ([]A, error)) *gather[Q, A] {
	return &gather[Q, A]{most: most, asked: make(chan question[Q, A], most), answer: answer}
}

// ask waits for the answer to one question, at most until ctx ends.
func (g *gather[Q, A]) ask(ctx context.Context, of Q) (out A, err error) {
	q := question[Q, A]{of: of, to: make(chan answered[A], 1)}
	select {
	case g.asked <- q:
	case <-ctx.Done():
		return out, ctx.Err()
	}
	select {
	case a := <-q.to:
		return a.is, a.err
	case <-ctx.Done():
		return out, ctx.Err()
	}
}

// serve answers until ctx ends. Then nobody must ask any more.
func (g *gather[Q, A]) serve(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-g.asked:
			g.serveOnce(ctx, g.more([]question[Q, A]{first}))
		}
	}
}

// more takes what is asked already.
func (g *gather[Q, A]) more(list []question[Q, A]) []question[Q, A] {
	for len(list) < g.most {
		select {
		case next := <-g.asked:
			list = append(list, next)
		default:
			return list
		}
	}
	return list
}

func (g *gather[Q, A]) serveOnce(ctx context.Context, list []question[Q, A]) {
	questions := make([]Q, len(list))
	for i, q := range list {
		questions[i] = q.of
	}
	answers, err := g.answer(ctx, questions)
	for i, q := range list {
		a := answered[A]{err: err}
		if err == nil {
			a.is = answers[i]
		}
		q.to <- a
	}
}
