package reports

import (
	"errors"

	"pursuit/models/store"
)

// pager reads the services of a scope with their attempts, page by page.
type pager struct {
	scope store.ReportScope
	after string // the last service of the page before
	size  int    // of the next page
	most  int    // that a page may grow to
	ended bool   // no service is left
}

// read fills the next page, which has no services when none are left. Pages double
// until they are as large as they may be; one whose attempts are too many is read
// again in halves.
func (p *pager) read(from *store.Reading, into *attemptPage) error {
	for ; ; p.size = min(p.size*2, p.most) {
		into.begin(p.after, nil)
		if p.ended {
			return nil
		}
		ids, err := from.ServiceIDs(p.scope, p.after, p.size)
		if err != nil {
			return err
		}
		into.begin(p.after, ids)
		whole := p.scope == store.ReportScope{Program: p.scope.Program}
		err = from.Attempts(p.scope.Program, ids, whole, &into.words, into.hold)
		if errors.Is(err, errTooMany) {
			p.most = max(p.size/2, casesLeast)
			continue
		}
		if err != nil {
			return err
		}
		if p.ended = len(ids) < p.size; len(ids) > 0 {
			p.after = ids[len(ids)-1]
		}
		p.size = min(p.size*2, p.most)
		return nil
	}
}

// pages gives every page of the scope after an id to use, until it says stop.
//
// Where the database and its connections allow, the next page is read on a second
// connection while this one is used: the database works on the one while this process
// counts the other, and a report over all services takes little longer than the
// slower of the two.
func (r *reading) pages(after string, size int, use func(*attemptPage) (bool, error)) error {
	p := &pager{scope: r.scope, after: after, most: casesMost, size: min(max(size, 1), casesMost)}
	page := &attemptPage{}
	for {
		if err := p.read(r.Reading, page); err != nil || len(page.ids) == 0 {
			return err
		}
		if p.size == p.most && !p.ended { // a small first page is often the only one
			if twin := r.Twin(); twin != nil {
				defer twin.Close()
				return r.pagesAhead(p, twin, page, use)
			}
		}
		if more, err := use(page); err != nil || !more || p.ended {
			return err
		}
	}
}

// pagesAhead goes on after the page at hand, reading one page ahead on the twin.
func (r *reading) pagesAhead(p *pager, twin *store.Reading, page *attemptPage, use func(*attemptPage) (bool, error)) error {
	next := &attemptPage{}
	for len(page.ids) > 0 {
		read, failed := make(chan struct{}), error(nil)
		go func() {
			defer close(read)
			failed = p.read(twin, next)
		}()
		more, err := use(page)
		if err != nil || !more {
			twin.Cancel()
			<-read
			return err
		}
		<-read
		if failed != nil {
			return failed
		}
		page, next = next, page
	}
	return nil
}
