package sync

import (
	"pursuit/models"
	"pursuit/models/store"
)

// outlook is what a person may see at a cursor: the view now, the view as it was
// when the cursor's page was made, and what a change of role or organisation
// between them brings and takes.
type outlook struct {
	now, then store.View        // now: at the number that the page is made at
	member    models.Membership // the standing one

	orgFrom int64           // since when the organisation's own bucket is in view
	newFrom int64           // since when the tables in fresh are in view
	fresh   models.TableSet // tables that came into view after the cursor
	gone    models.TableSet // tables that went out of view after the cursor
	leftOrg string          // the organisation left since the cursor's page, or ""
}

// look computes a person's outlook at a cursor, for a page made at a number of the
// sequence, from their memberships. It is a pure function, and looks at nothing that
// came after that number: commits between the queries of a page do not tear it. A
// person without a standing membership sees nothing.
//
// A principal or a table counts since the start of the unbroken run of memberships
// in which it did: the run at AsOf if it counted then (the device holds what it
// gave), else the present run. Source: docs/adr/0003-scope-at-a-cursor.md.
func look(who models.Actor, list []models.Membership, c cursor, tables models.TableSet, now int64) (outlook, bool) {
	list = upTo(list, now)
	if len(list) == 0 || list[len(list)-1].To != models.Forever {
		return outlook{}, false
	}
	m := list[len(list)-1]
	at := memberAt(list, c.AsOf)
	o := outlook{member: m}
	o.now = view(who, m, models.Tables.Visible(m.Role)&tables)
	o.then = view(who, at, models.Tables.Visible(at.Role)&tables)
	o.now.At, o.then.At = now, c.AsOf
	o.now.UserFrom = since(list, c.AsOf, func(x models.Membership) bool { return x.Role.HoldsCases() })
	o.now.OrgFrom = since(list, c.AsOf, func(x models.Membership) bool {
		return x.OrgID == m.OrgID && x.Role.HoldsOrganisation()
	})
	o.orgFrom = since(list, c.AsOf, func(x models.Membership) bool { return x.OrgID == m.OrgID })
	if at.OrgID != m.OrgID {
		o.leftOrg = at.OrgID
	}
	for _, t := range models.Tables.Tables {
		from := since(list, c.AsOf, func(x models.Membership) bool { return !t.HiddenFrom(x.Role) })
		if o.now.Tables.Has(t) && outstanding(c, from) {
			o.fresh |= t.Bit()
			o.newFrom = max(o.newFrom, from)
		}
	}
	if outstanding(c, m.From) {
		for _, x := range list {
			if x.To >= c.Eff {
				o.gone |= models.Tables.Visible(x.Role) & tables
			}
		}
		o.gone &^= o.now.Tables
	}
	return o, true
}

// upTo gives the memberships as they stood at a number.
func upTo(list []models.Membership, now int64) []models.Membership {
	for i, m := range list {
		if m.From > now {
			return list[:i]
		}
		if m.To > now {
			out := append([]models.Membership(nil), list[:i+1]...)
			out[i].To = models.Forever
			return out
		}
	}
	return list
}

// outstanding tells whether something that came into view at the number from has not
// been delivered whole by the cursor.
func outstanding(c cursor, from int64) bool {
	return from > c.Eff || from == c.Eff && c.Pos != c.Eff
}

func view(who models.Actor, m models.Membership, tables models.TableSet) store.View {
	v := store.View{Program: who.Program, User: store.NoPrincipal, Org: store.NoPrincipal, Tables: tables,
		Standing: [2]string{m.OrgID, who.ProgramID}}
	if m.Role.HoldsCases() {
		v.User = who.UserID
	}
	if m.Role.HoldsOrganisation() {
		v.Org = m.OrgID
	}
	return v
}

// memberAt gives the membership that stood at a number; before the first, the first.
func memberAt(list []models.Membership, seq int64) models.Membership {
	for _, m := range list {
		if seq < m.To {
			return m
		}
	}
	return list[len(list)-1]
}

// since gives the start of the run of memberships that satisfy: of the run at asOf
// if the one then does, else of the last run. Nobody asks unless the last one does.
func since(list []models.Membership, asOf int64, satisfies func(models.Membership) bool) int64 {
	end := len(list) - 1
	for i, m := range list {
		if asOf < m.To {
			if satisfies(m) {
				end = i
			}
			break
		}
	}
	start := end
	for start > 0 && satisfies(list[start-1]) {
		start--
	}
	return list[start].From
}
