package reports

import "time"

// gaps finds the longest time without an attempt, spell of pursuit by spell: from the first
// assignment (or the spell's start, if that is later) to the first attempt, between attempts,
// and from the last attempt to the end of the spell or as_of. Time between two spells, when
// the service was not in pursuit, is no gap.
type gaps struct {
	pursuit    *pursuit
	window     *Window
	assignedAt time.Time // zero: no gap before a first attempt

	spell   int       // the spell that is being measured
	from    time.Time // where the running gap began, zero when nowhere
	begun   bool
	longest time.Duration
	any     bool
}

// attempt takes the next counted attempt.
func (g *gaps) attempt(t tap) {
	g.reach(t.spell)
	g.measure(t.OccurredAt)
	g.from = t.OccurredAt
}

// finish closes every spell and returns the longest gap in days, nil when there was none.
func (g *gaps) finish() *float64 {
	g.reach(len(g.pursuit.spells))
	if !g.any {
		return nil
	}
	return days(g.longest)
}

// reach closes the spells before one and opens that.
func (g *gaps) reach(spell int) {
	if !g.begun {
		g.begun = true
		g.open()
	}
	for g.spell < spell {
		g.measure(g.spellEnd())
		g.spell++
		g.open()
	}
}

func (g *gaps) open() {
	g.from = time.Time{}
	if g.spell >= len(g.pursuit.spells) || g.assignedAt.IsZero() {
		return
	}
	g.from = g.assignedAt
	if start := g.pursuit.spells[g.spell].from.Start(g.window.Zone); start.After(g.from) {
		g.from = start
	}
}

// spellEnd is the end of the spell's last date, or as_of while that is earlier.
func (g *gaps) spellEnd() time.Time {
	end := g.pursuit.spells[g.spell].to.End(g.window.Zone)
	if g.window.AsOf.Before(end) {
		return g.window.AsOf
	}
	return end
}

func (g *gaps) measure(until time.Time) {
	if g.from.IsZero() || until.Before(g.from) {
		return
	}
	g.any = true
	g.longest = max(g.longest, until.Sub(g.from))
}
