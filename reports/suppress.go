package reports

import "slices"

// smallCell is the least count of people that may leave the program's own reports, and the
// least difference between two counts of one total that may.
// Source: docs/domain.md, section 4.
const smallCell = 5

// Public returns the summary as it may be published beside the values of the year's totals that
// were shown before, by their names: every figure under 5 is withheld, every total that differs
// from a value shown of it by 1 to 4, and with them as many others as it takes that no identity
// of a row and no column total gives one away. Checks and notices, which carry counts of their
// own, are left out.
//
// Guarantees: in each identity with a withheld figure at least two are, and those withheld come
// to 5 or more together, or all of it that is not a total is withheld; the identities, taken
// together as linear equations, determine no withheld figure; and the totals are those of
// PartnerTotals beside the same values, to the cell, so that who reads both knows no more.
// Of the months of two summaries of one year nothing is guaranteed: a year's months are
// published once, when it is over, and the totals published are shown values from then on.
func Public(s Summary, shown map[string][]int) Summary {
	out := Summary{Year: s.Year, AsOf: s.AsOf, Totals: s.Totals,
		Rows: append([]Row{}, s.Rows...), Checks: []Check{}, Notices: []Check{}}
	grid := make([]*Row, 0, len(out.Rows)+1)
	for i := range out.Rows {
		grid = append(grid, &out.Rows[i])
	}
	withhold(append(grid, &out.Totals), shown)
	return out
}

// PartnerTotals returns what a referral partner may see beside the values of the year's totals
// that partners were shown before, by their names: the totals, without months, without those
// under 5 and those that differ from a value shown of them by 1 to 4, and without what would
// give one of these away.
//
// Guarantees: any two values of one total that are shown are equal or differ by 5 or more, if
// what is shown is among the values given next time. A value that was shown is shown again,
// unless nothing else is left to withhold beside a withheld one. The same summary beside what
// it showed itself is the same to the cell. Source: docs/adr/0011-partner-totals.md.
func PartnerTotals(s Summary, shown map[string][]int) Summary {
	out := Summary{Year: s.Year, AsOf: s.AsOf, Totals: s.Totals,
		Rows: []Row{}, Checks: []Check{}, Notices: []Check{}}
	withhold([]*Row{&out.Totals}, shown)
	return out
}

// valuesOf lists the figures of a row that are neither withheld nor unknown, by their names.
func valuesOf(r Row) map[string]int {
	out := map[string]int{}
	for _, c := range columns() {
		if n := *c.cell(&r); n != nil {
			out[c.name] = *n
		}
	}
	return out
}

// rowIdentities lists the figures of one row that are bound by a sum, by their names. Two of
// them hold but for a few people counted twice; that is close enough to give a cell away.
func rowIdentities() [][]string {
	return [][]string{
		{"referred", "appropriate_for_referral", "other_referrals"},
		{"n", "assessed", "other_referrals"},
		{"referred", "engaged", "pursuing", "refused", "unable_to_place"},
		{"engaged", "icm", "short_term", "slo"},
		{"icm", "enrolled_slo_icm", "enrolled_hhp_tvif"},
		{"referred", "out_slo_icm", "out_hhp", "out_tvif"},
	}
}

// cell is one figure of the grid.
type cell struct {
	value  int
	hidden bool
	known  bool // the value was shown before: to withhold it now hides little
	fixed  bool // what partners are shown of it is settled
}

// newCell is a cell beside the values that were shown of its total. One that differs from such
// a value by a small count would tell that count by subtraction, and is hidden like it.
func newCell(value int, shown []int) *cell {
	near := slices.ContainsFunc(shown, func(before int) bool {
		return value != before && max(value-before, before-value) < smallCell
	})
	return &cell{value: value, hidden: value < smallCell || near, known: slices.Contains(shown, value)}
}

// withhold blanks the cells of rows in place. The last row is the sum of the others. Its cells
// are settled first, by themselves and beside what was shown of them before, and then stay: a
// reader may hold them from elsewhere.
func withhold(rows []*Row, shown map[string][]int) {
	grid := make([]map[string]*cell, len(rows))
	for i, row := range rows {
		grid[i] = map[string]*cell{}
		for _, c := range columns() {
			if n := *c.cell(row); n != nil {
				grid[i][c.name] = newCell(*n, nil)
			}
		}
	}
	totals := grid[len(grid)-1]
	for name, c := range totals {
		totals[name] = newCell(c.value, shown[name])
	}
	settle(bind([]map[string]*cell{totals}), len(columns()))
	for _, c := range totals {
		c.fixed = true
	}
	settle(bind(grid), len(rows)*len(columns()))
	for i, row := range rows {
		row.Suppressed = []string{}
		for _, c := range columns() {
			if have := grid[i][c.name]; have != nil && have.hidden {
				*c.cell(row) = nil
				row.Suppressed = append(row.Suppressed, c.name)
			}
		}
	}
}

// settle hides cells until nothing hidden can be told. Each round that goes on hides at least
// one cell more, so the number of cells bounds the rounds.
func settle(identities []bound, cells int) {
	for range cells {
		if !coverAll(identities) && !coverTold(identities) {
			return
		}
	}
}

// bound is an identity among cells of the grid: the whole is the sum of the parts.
type bound struct {
	whole *cell
	parts []*cell
}

// cells lists the parts and, last, the whole: of equals it is the last to be hidden.
func (b bound) cells() []*cell { return append(slices.Clone(b.parts), b.whole) }

// bind lists every identity: those of each row, and each column with its total.
func bind(grid []map[string]*cell) []bound {
	var out []bound
	add := func(b bound) {
		if b.whole != nil && len(b.parts) > 0 {
			out = append(out, b)
		}
	}
	for _, row := range grid {
		for _, names := range rowIdentities() {
			b := bound{whole: row[names[0]]}
			for _, name := range names[1:] {
				if c := row[name]; c != nil {
					b.parts = append(b.parts, c)
				}
			}
			add(b)
		}
	}
	last := len(grid) - 1
	for _, column := range columns() {
		b := bound{whole: grid[last][column.name]}
		for _, row := range grid[:last] {
			if c := row[column.name]; c != nil {
				b.parts = append(b.parts, c)
			}
		}
		add(b)
	}
	return out
}

// coverAll covers each identity by itself and reports whether that hid anything.
func coverAll(identities []bound) bool {
	changed := false
	for _, b := range identities {
		changed = cover(b) || changed
	}
	return changed
}

// cover hides the smallest shown cell of an identity while the hidden ones could be told.
func cover(b bound) bool {
	hidden, together := 0, 0
	for _, c := range b.cells() {
		if c.hidden {
			hidden++
			together += c.value
		}
	}
	if hidden == 0 || hidden >= 2 && together >= smallCell {
		return false
	}
	return b.hideSmallest(false) || b.hideSmallest(true)
}

// coverTold looks for hidden cells that several identities together give away, hides another
// cell beside the first of them, or elsewhere where none beside it can be, and reports whether
// it did. Cells whose values are known are the last to be tried.
func coverTold(identities []bound) bool {
	told := workedOutCells(identities)
	if len(told) == 0 {
		return false
	}
	for _, known := range []bool{false, true} {
		for _, besideTold := range []bool{true, false} {
			for _, b := range identities {
				tells := slices.ContainsFunc(b.cells(), func(c *cell) bool { return told[c] })
				if tells == besideTold && b.hideSmallest(known) {
					return true
				}
			}
		}
	}
	return false
}

// hideSmallest hides the smallest cell that is shown, not fixed, and known as asked for; false
// when there is none.
func (b bound) hideSmallest(known bool) bool {
	var smallest *cell
	for _, c := range b.cells() {
		if !c.hidden && !c.fixed && c.known == known && (smallest == nil || c.value < smallest.value) {
			smallest = c
		}
	}
	if smallest == nil {
		return false
	}
	smallest.hidden = true
	return true
}
