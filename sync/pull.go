package sync

import (
	"context"

	"pursuit/models"
	"pursuit/models/store"
)

// dropsMax is how many buckets one page tells a device to drop.
const dropsMax = 5000

// Pull gives the next page of what a person's device has to know.
//
// It is a pure function of the database and the cursor: asking again gives the same
// page, newer where rows changed. The error is bad_cursor or a fault of the database.
// Source: docs/protocol.md, section 4, "Pull".
func (e *Engine) Pull(ctx context.Context, who models.Actor, req PullRequest) (*Page, error) {
	h, err := e.head(ctx, who.Program)
	if err != nil {
		return nil, err
	}
	return e.pull(ctx, who, req, h)
}

// pull is Pull with the program's head at hand.
func (e *Engine) pull(ctx context.Context, who models.Actor, req PullRequest, h store.Head) (*Page, error) {
	var err error
	tables := wanted(req.Tables)
	switch {
	case req.Buckets != nil:
		return e.pullBuckets(ctx, who, req, h, tables)
	case req.Backfill > 0:
		return e.pullBackfill(ctx, who, req, h, tables)
	case req.Cursor == "":
		return e.first(ctx, who, cursor{Mode: modeFirst, Epoch: h.Epoch, Eff: h.Seq, AsOf: h.Seq, Tables: tables}, h, req.page())
	}
	c, ok := e.open(who, req.Cursor)
	if !ok || !c.continues(tables) {
		return nil, BadCursor()
	}
	c.Tables = tables
	if c.Epoch != h.Epoch || c.highest() > h.Seq {
		if h, err = e.freshHead(ctx, who.Program); err != nil {
			return nil, err
		}
		if c.Epoch != h.Epoch || c.highest() > h.Seq {
			return e.restored(ctx, who, c, h)
		}
	}
	if c.Eff < h.Floor && c.Tag != reconciled {
		return e.reconcile(who, c), nil
	}
	if c.Mode == modeFirst {
		return e.first(ctx, who, c, h, req.page())
	}
	if c.Eff == h.Seq && c.Pos == c.Eff && c.AsOf == h.Seq {
		p := req.page()
		p.Cursor = req.Cursor
		if c.Tables != models.AllTables {
			p.Cursor = e.seal(who, c)
		}
		return p, nil
	}
	return e.stream(ctx, who, c, h, req.page())
}

// wanted is the set of tables a request names; nil is all there are and will be.
func wanted(names []string) models.TableSet {
	if names == nil {
		return models.AllTables
	}
	var set models.TableSet
	for _, name := range names {
		set |= models.Tables.Table(name).Bit()
	}
	return set
}

// outlook loads the memberships of a person and looks around from a cursor, for a
// page made at the number now.
func (e *Engine) outlook(ctx context.Context, who models.Actor, c cursor, now int64) (outlook, bool, error) {
	list, err := e.store.MembershipsOf(ctx, who.Program, who.UserID)
	if err != nil {
		return outlook{}, false, err
	}
	o, ok := look(who, list, c, c.Tables, now)
	return o, ok, nil
}

// drops fills in which buckets the device must drop. It returns true when they are
// more than one page tells: then that page and those that tell the rest have nothing
// else, speak of the same number, and the device then holds what was held at it.
func (e *Engine) drops(ctx context.Context, p *Page, c *cursor, o outlook, moved bool) (bool, error) {
	if o.leftOrg != "" && c.Dropped == "" {
		p.Drop = append(p.Drop, o.leftOrg)
	}
	if c.Dropped == "" && !moved && o.then.User == o.now.User && o.then.Org == o.now.Org {
		return false, nil
	}
	list, err := e.store.Dropped(ctx, o.then, o.now, c.Dropped, e.dropsAtOnce+1)
	if err != nil {
		return false, err
	}
	if len(list) > e.dropsAtOnce {
		list = list[:e.dropsAtOnce]
		c.Dropped, c.DropAt = list[len(list)-1], o.now.At
		p.Drop, p.Complete = append(p.Drop, list...), false
		return true, nil
	}
	p.Drop = append(p.Drop, list...)
	if c.Dropped == "" {
		return false, nil
	}
	c.AsOf, c.Dropped, c.DropAt, p.Complete = c.DropAt, "", 0, false
	return true, nil
}

// stream fills a page with what changed or came into scope after the cursor, by effective sequence.
func (e *Engine) stream(ctx context.Context, who models.Actor, c cursor, h store.Head, p *Page) (*Page, error) {
	o, ok, err := e.outlook(ctx, who, c, c.madeAt(h))
	if err != nil {
		return nil, err
	}
	if !ok { // a person without membership sees nothing
		p.Cursor = e.seal(who, c)
		return p, nil
	}
	eff := c.Eff
	if c.Pos != c.Eff {
		eff--
	}
	moved, err := e.store.GrantsMoved(ctx, o.now, eff, c.AsOf)
	if err != nil {
		return nil, err
	}
	if more, err := e.drops(ctx, p, &c, o, moved); err != nil || more {
		p.Cursor = e.seal(who, c)
		return p, err
	}
	w := &walk{page: p, eff: c.Eff, pos: c.Pos, until: h.Seq}
	if w.extras, err = e.extras(ctx, c, o, h, p.limit, moved || outstanding(c, o.now.UserFrom) || outstanding(c, o.now.OrgFrom)); err != nil {
		return nil, err
	}
	from := c.Eff
	if c.Pos < c.Eff {
		from--
	}
	if err := e.store.Ongoing(ctx, o.now, from, h.Seq, c.AsOf, p.limit+1, w.ongoing); err != nil {
		return nil, err
	}
	w.rest()
	c.Eff, c.Pos, c.AsOf = w.eff, w.pos, h.Seq
	if p.Complete {
		c.Eff, c.Pos, p.Complete = h.Seq, h.Seq, !w.later
	}
	if c.Eff >= h.Floor {
		c.Tag = 0
	}
	p.Cursor = e.seal(who, c)
	return p, nil
}

// extra is a row that is in the page for another reason than its own change.
type extra struct {
	store.PageRow
	gone bool
}

// extras gathers, in order, the rows that came into view because of grants or of a
// change of role or organisation, at most a page and one.
func (e *Engine) extras(ctx context.Context, c cursor, o outlook, h store.Head, limit int, opened bool) ([]extra, error) {
	var list []extra
	collect := func(eff int64, gone bool) store.Visit {
		return func(r store.PageRow) bool {
			r.Doc = append([]byte(nil), r.Doc...)
			if eff > 0 {
				r.Eff = eff
			}
			if gone {
				r.Pos += goneFirst
			}
			list = append(list, extra{r, gone})
			return true
		}
	}
	if opened {
		if err := e.store.Opened(ctx, o.now, c.Eff, c.Pos, h.Seq, c.AsOf, limit+1, collect(0, false)); err != nil {
			return nil, err
		}
	}
	if err := e.membershipExtras(ctx, c, o, limit, collect); err != nil {
		return nil, err
	}
	sortExtras(list)
	return list, nil
}

func (e *Engine) membershipExtras(ctx context.Context, c cursor, o outlook, limit int, collect func(int64, bool) store.Visit) error {
	after := func(from int64) int64 { // where in the rows of that number the cursor stands
		if from == c.Eff {
			return max(c.Pos, 0)
		}
		return 0
	}
	if outstanding(c, o.orgFrom) {
		if err := e.store.Bucket(ctx, o.now, o.member.OrgID, after(o.orgFrom), o.orgFrom-1, limit+1, collect(o.orgFrom, false)); err != nil {
			return err
		}
	}
	if o.fresh != 0 {
		v := o.now
		v.Tables = o.fresh
		if err := e.store.Widened(ctx, v, o.newFrom, after(o.newFrom), c.AsOf, limit+1, collect(o.newFrom, false)); err != nil {
			return err
		}
	}
	from := o.member.From
	if o.gone == 0 || from == c.Eff && c.Pos >= 0 {
		return nil
	}
	v, pos := o.now, int64(0)
	v.Tables = o.gone
	if from == c.Eff {
		pos = c.Pos - goneFirst
	}
	return e.store.Withdrawn(ctx, o.then, v, pos, limit+1, collect(from, true))
}

// goneFirst puts the rows that a membership took out of view before all others of
// its number, whatever theirs are: a row changed since has a greater one, and the
// place of a cut must tell whether it is still to come.
const goneFirst = -1 << 62
