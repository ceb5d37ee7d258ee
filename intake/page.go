package intake

import (
	"context"
	"fmt"

	"pursuit/models"
)

// page is some lines on their way in.
type page struct {
	f        *feeder
	todo     []*task
	standing map[string]Standing // by mutation id
}

// task is what is to be done for one line.
type task struct {
	entry  Entry
	wants  []models.Mutation // what the line has and the program has not, the referral last
	tried  []models.Result   // of wants
	faults []Fault
	bring  []models.Mutation // of wants, what no line above brings
	pushed []models.Result   // of bring; none in a dry run
}

// grouped is a mutation as it is pushed, one of a group. Its id tells the group too: the
// same person is brought by another line when the first one is at fault.
func grouped(m models.Mutation, group string) models.Mutation {
	m.ID, m.Group = models.DerivedID(m.Row, "import/line/"+group+"/"+m.ID), group
	return m
}

// forms are all ids under which the mutations of an entry may be remembered: of a group,
// and alone, as lists were taken in before there were groups.
func (e Entry) forms() (out []models.Mutation) {
	referral := e.referral()
	for _, m := range append([]models.Mutation{e.Person}, e.Children...) {
		out = append(out, m, grouped(m, referral.Row), grouped(m, m.Row))
	}
	return out
}

// referral is the mutation that makes the line's referral.
func (e Entry) referral() models.Mutation { return e.Children[len(e.Children)-1] }

// look finds out what there is of some lines, and so what is to be done for each.
func (f *feeder) look(ctx context.Context, batch []Entry) (*page, error) {
	p := &page{f: f, standing: map[string]Standing{}}
	var list []models.Mutation
	for _, e := range batch {
		list = append(append(list, e.forms()...), e.other().forms()...)
	}
	found, err := f.door.Look(ctx, list)
	if err != nil || len(found) != len(list) {
		return nil, fmt.Errorf("look for what is there: %w", err)
	}
	for i, m := range list {
		p.standing[m.ID] = found[i]
	}
	for _, e := range batch {
		p.todo = append(p.todo, p.task(e))
	}
	return p, nil
}

// task decides whose line it is and what of it is missing.
func (p *page) task(e Entry) *task {
	t := &task{}
	var known bool
	t.entry, known = p.choose(e)
	e = t.entry
	if !known && !p.there(e.Person) {
		t.wants = append(t.wants, e.Person)
	}
	for _, m := range e.Children {
		switch {
		case p.there(m):
		case known && (m.Table == "referrals" || !p.seen(e.Person)):
		default:
			t.wants = append(t.wants, m)
		}
	}
	return t
}

// choose tells whether a line is the list's person or one of the user's own, and whether
// the user or anybody of their organisation took it in before. The list's person it is
// where the user sees them or nobody has them; of somebody who is there and not for them
// to see, the user has a person of their own: whether another organisation took the same
// person in must make no difference to them.
func (p *page) choose(e Entry) (Entry, bool) {
	other := e.other()
	for _, took := range []func(Entry) bool{p.remembered, p.taken} {
		for _, form := range []Entry{e, other} {
			if took(form) {
				return form, true
			}
		}
	}
	if e.own || p.seen(e.Person) || !p.seen(other.Person) && !p.there(e.Person) {
		return e, false
	}
	return other, false
}

// taken tells whether the line's referral is there and the user's to know of: they see the
// person, or their organisation holds or brought them, or they are of its own, whom nobody
// else makes.
func (p *page) taken(e Entry) bool {
	return p.there(e.referral()) && (e.own || p.seen(e.Person) || p.standing[e.Person.ID].Ours)
}

// remembered tells whether the user brought the line's referral before, whatever became
// of it since.
func (p *page) remembered(e Entry) bool {
	m := e.referral()
	for _, id := range []string{m.ID, grouped(m, m.Row).ID} {
		if was := p.standing[id].Before; was != "" && was != models.StatusRejected {
			return true
		}
	}
	return false
}

// there tells whether a mutation's row is there, seen or not, or came with a page before.
func (p *page) there(m models.Mutation) bool {
	_, brought := p.f.brought[m.Row]
	return brought || p.standing[m.ID].Exists
}

// seen tells whether the user sees a mutation's row, or brought it with a page before.
func (p *page) seen(m models.Mutation) bool {
	_, brought := p.f.brought[m.Row]
	return brought || p.standing[m.ID].Seen
}

// try finds the lines that are at fault. Each mutation stands alone here, so that a line
// is judged with the rows of those above; who came with pages before comes first again,
// for a dry run kept none of it.
func (p *page) try(ctx context.Context) error {
	var before, list []models.Mutation
	resent := map[string]bool{}
	for _, t := range p.todo {
		if m, ok := p.f.brought[t.entry.Person.Row]; ok && !resent[m.Row] && len(t.wants) > 0 {
			resent[m.Row] = true
			before = append(before, onTrial(m))
		}
		for _, m := range t.wants {
			list = append(list, onTrial(m))
		}
	}
	if len(list) == 0 {
		return nil
	}
	results, err := p.f.door.Try(ctx, before, list)
	if err != nil || len(results) != len(list) {
		return fmt.Errorf("try lines: %w", err)
	}
	for _, t := range p.todo {
		t.tried, results = results[:len(t.wants)], results[len(t.wants):]
		t.judge()
	}
	return nil
}

// onTrial is a mutation under an id that nothing is remembered of.
func onTrial(m models.Mutation) models.Mutation {
	m.ID, m.Group = models.NewID(), ""
	return m
}

// judge lists what of a line would be rejected; where the person would, the rest is not
// judged. A row that is there already came with a line above.
func (t *task) judge() {
	for i, r := range t.tried {
		if r.Status != models.StatusRejected || already(r) {
			continue
		}
		t.faults = append(t.faults, t.entry.FaultOf(t.wants[i], r.Field, orCode(r)))
		if t.wants[i].Table == "people" {
			return
		}
	}
}

// status is what became of the referral that a line brings, "" when it brings none. A
// replay was brought before.
func (t *task) status() models.Status {
	for i, m := range t.bring {
		switch {
		case m.Table != "referrals":
		case i >= len(t.pushed):
			return t.wanted(m.Row)
		case !t.pushed[i].Duplicate:
			return t.pushed[i].Status
		}
	}
	return ""
}

// wanted is what the trial says of a row that the line brings.
func (t *task) wanted(row string) models.Status {
	for i, m := range t.wants {
		if r := t.tried[i]; m.Row == row && !already(r) {
			return r.Status
		}
	}
	return models.StatusApplied
}
