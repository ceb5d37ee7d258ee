package reports

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"pursuit/models/store"
)

const chunkSize = 4096 // attempts, a quarter of a megabyte

// errTooMany says that a page's services have more attempts than may be held.
var errTooMany = errors.New("too many attempts in one page")

// attemptPage holds the attempts of a page of services until all of them are read: they
// come in the order in which they lie in the database, which so reads each of its own
// pages once. It is used again for the next page.
type attemptPage struct {
	after  string   // the id before the first service
	ids    []string // of the services
	words  store.Words
	chunks [][]store.ReportAttempt // of chunkSize each: what grows by chunks is never copied
	held   int                     // attempts in them
	counts []int32                 // attempts by the place of their service
}

// begin forgets what it held and takes the services of the next page, after an id.
func (p *attemptPage) begin(after string, services []string) {
	p.after, p.ids, p.held = after, services, 0
	p.counts = slices.Grow(p.counts[:0], len(services))[:len(services)]
	clear(p.counts)
}

func (p *attemptPage) hold(a store.ReportAttempt) error {
	if p.held == attemptsHeld && len(p.ids) > casesLeast {
		return errTooMany
	}
	if p.held == len(p.chunks)*chunkSize {
		p.chunks = append(p.chunks, make([]store.ReportAttempt, chunkSize))
	}
	*p.at(p.held) = a
	p.held++
	p.counts[a.Service]++
	return nil
}

func (p *attemptPage) at(place int) *store.ReportAttempt {
	return &p.chunks[place/chunkSize][place%chunkSize]
}

// services gives, service by service, its attempts by occurred_at.
func (p *attemptPage) services() iter.Seq2[int, iter.Seq[Attempt]] {
	ends, total := make([]int32, len(p.counts)), int32(0)
	for i, n := range p.counts {
		ends[i] = total // moves on to the end while places are filled in
		total += n
	}
	places := make([]int32, p.held)
	for place := range p.held {
		at := p.at(place).Service
		places[ends[at]] = int32(place)
		ends[at]++
	}
	return func(yield func(int, iter.Seq[Attempt]) bool) {
		begin := int32(0)
		for i, end := range ends {
			if !yield(i, p.ordered(places[begin:end])) {
				return
			}
			begin = end
		}
	}
}

// ordered gives the attempts at some places by occurred_at.
func (p *attemptPage) ordered(places []int32) iter.Seq[Attempt] {
	slices.SortFunc(places, func(a, b int32) int { return cmp.Compare(p.at(int(a)).OccurredAt, p.at(int(b)).OccurredAt) })
	return func(yield func(Attempt) bool) {
		for _, place := range places {
			a := p.at(int(place))
			if !yield(attemptOf(*a, p.ids[a.Service], &p.words)) {
				return
			}
		}
	}
}
