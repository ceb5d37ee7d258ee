package reports

// smallCell is the least count of people that may leave the program's own reports.
// Source: docs/domain.md, section 4.
const smallCell = 5

// Public returns the summary as it may be published: every figure under 5 is withheld, and
// with it as many others as it takes that no identity of a row and no column total gives it
// away. Checks and notices, which carry counts of their own, are left out.
//
// Guarantees: in each identity with a withheld figure at least two are, and those withheld come
// to 5 or more together, or all of it that is not a total is withheld; the identities, taken
// together as linear equations, determine no withheld figure; and the totals are those of
// PartnerTotals to the cell, so that who reads both knows no more. Of two summaries of the same
// year at two dates nothing is guaranteed: a year is published once, when it is over.
func Public(s Summary) Summary {
	out := Summary{Year: s.Year, AsOf: s.AsOf, Totals: s.Totals,
		Rows: append([]Row{}, s.Rows...), Checks: []Check{}, Notices: []Check{}}
	grid := make([]*Row, 0, len(out.Rows)+1)
	for i := range out.Rows {
		grid = append(grid, &out.Rows[i])
	}
	withhold(append(grid, &out.Totals))
	return out
}

// PartnerTotals returns what a referral partner may see: the totals, without months, and
// without small cells.
func PartnerTotals(s Summary) Summary {
	out := Summary{Year: s.Year, AsOf: s.AsOf, Totals: s.Totals,
		Rows: []Row{}, Checks: []Check{}, Notices: []Check{}}
	withhold([]*Row{&out.Totals})
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
	fixed  bool // what partners are shown of it is settled
}

// withhold blanks the cells of rows in place. The last row is the sum of the others. Its cells
// are settled first, by themselves, and then stay: a reader may hold them from elsewhere.
func withhold(rows []*Row) {
	grid := make([]map[string]*cell, len(rows))
	for i, row := range rows {
		grid[i] = map[string]*cell{}
		for _, c := range columns() {
			if n := *c.cell(row); n != nil {
				grid[i][c.name] = &cell{value: *n, hidden: *n < smallCell}
			}
		}
	}
	totals := grid[len(grid)-1]
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

func (b bound) cells() []*cell { return append([]*cell{b.whole}, b.parts...) }

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
	return hideSmallest(b)
}

// coverTold looks for hidden cells that several identities together give away, hides another
// cell beside the first of them, or elsewhere where none beside it can be, and reports whether
// it did.
func coverTold(identities []bound) bool {
	told := workedOutCells(identities)
	for _, b := range identities {
		for _, c := range b.cells() {
			if told[c] && hideSmallest(b) {
				return true
			}
		}
	}
	for _, b := range identities {
		if len(told) > 0 && hideSmallest(b) {
			return true
		}
	}
	return false
}

// hideSmallest hides the smallest cell that is shown and not fixed; false when there is none.
func hideSmallest(b bound) bool {
	var smallest *cell
	for _, c := range b.cells() {
		if !c.hidden && !c.fixed && (smallest == nil || c.value < smallest.value) {
			smallest = c
		}
	}
	if smallest == nil {
		return false
	}
	smallest.hidden = true
	return true
}
