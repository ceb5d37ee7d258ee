package reports

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawSummary makes a summary whose rows meet every identity without people counted twice:
// the case in which a withheld cell is easiest to work out.
func drawSummary(t *rapid.T) Summary {
	s := Summary{Year: 2026, AsOf: day("2026-12-31")}
	small := rapid.SampledFrom([]int{0, 0, 1, 3, 4, 5, 6, 9, 20, 40})
	n := func(name string) *int { x := small.Draw(t, name); return &x }
	add := func(parts ...*int) *int {
		x := 0
		for _, p := range parts {
			x += *p
		}
		return &x
	}
	for month := 1; month <= months; month++ {
		r := Row{Month: month, Assessed: n("assessed"), Pursuing: n("pursuing"), SLO: n("slo"), ShortTerm: n("short"),
			Refused: n("refused"), UnableToPlace: n("unable"), EnrolledSLOICM: n("in icm"), EnrolledHHPTVIF: n("in hhp"),
			SSCC: n("sscc"), PPS: n("pps"), CustomNotifications: n("custom"), CallIns: n("call-ins"),
			CallInMeetings: n("meetings"), Relocations: n("relocations"), InjuryFatalShootings: n("injuries")}
		r.ICM = add(r.EnrolledSLOICM, r.EnrolledHHPTVIF)
		r.Engaged = add(r.ICM, r.ShortTerm, r.SLO)
		r.Referred = add(r.Engaged, r.Pursuing, r.Refused, r.UnableToPlace)
		split := func(whole int) (*int, *int) {
			part := rapid.IntRange(0, whole).Draw(t, "part")
			rest := whole - part
			return &part, &rest
		}
		r.OtherReferrals, r.AppropriateReferral = split(*r.Referred)
		r.N = add(r.Assessed, r.OtherReferrals)
		out, rest := split(*r.Referred)
		r.OutSLOICM = out
		r.OutHHP, r.OutTVIF = split(*rest)
		s.Rows = append(s.Rows, r)
	}
	s.Totals = sumRows(s.Rows)
	return s
}

// drawShown makes values that were shown of some totals before: the same, near or far.
func drawShown(t *rapid.T, s Summary) map[string][]int {
	out := map[string][]int{}
	for _, c := range columns() {
		n := *c.cell(&s.Totals)
		if n == nil || rapid.IntRange(0, 3).Draw(t, "shown") > 0 {
			continue
		}
		out[c.name] = []int{*n + rapid.IntRange(-7, 7).Draw(t, "differs by")}
	}
	return out
}

func TestNoSmallCellIsPublished(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSummary(t)
		shown := drawShown(t, s)
		public := Public(s, shown)
		for i, row := range append(slices.Clone(public.Rows), public.Totals) {
			for _, c := range columns() {
				n := *c.cell(&row)
				if n != nil && *n < 5 {
					t.Fatalf("row %d shows %s = %d", i, c.name, *n)
				}
				for _, before := range shown[c.name] {
					if n != nil && i == months && *n != before && max(*n-before, before-*n) < 5 {
						t.Fatalf("%s = %d is shown after %d", c.name, *n, before)
					}
				}
				before := append(slices.Clone(s.Rows), s.Totals)[i]
				withheld := n == nil && *c.cell(&before) != nil
				if withheld != slices.Contains(row.Suppressed, c.name) {
					t.Fatalf("row %d does not say what became of %s", i, c.name)
				}
			}
		}
		if len(public.Checks)+len(public.Notices) > 0 {
			t.Fatal("checks carry counts")
		}
		if before := *s.Rows[0].Assessed; s.Rows[0].Suppressed != nil || before != *s.Rows[0].Assessed {
			t.Fatal("the summary itself was changed")
		}
	})
}

// TestNoWithheldCellCanBeWorkedOut solves the identities and column totals exactly for the
// withheld cells, as a reader with pencil and paper could: none may come out determined.
func TestNoWithheldCellCanBeWorkedOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSummary(t)
		shown := drawShown(t, s)
		public := Public(s, shown)
		rows := append(slices.Clone(public.Rows), public.Totals)
		if name := workedOut(rows, true); name != "" {
			t.Fatalf("%s can be worked out", name)
		}
		partner := PartnerTotals(s, shown)
		if name := workedOut([]Row{partner.Totals}, false); name != "" || len(partner.Rows) > 0 {
			t.Fatalf("partner: %s can be worked out", name)
		}
	})
}

// workedOut names a withheld cell that the equations determine, "" when there is none.
func workedOut(rows []Row, columnsAddUp bool) string {
	names := []string{}
	index := map[string]int{}
	unknown := func(i int, name string) (int, bool) {
		if !slices.Contains(rows[i].Suppressed, name) {
			return 0, false
		}
		key := string(rune('A'+i)) + " " + name
		if _, ok := index[key]; !ok {
			index[key] = len(names)
			names = append(names, key)
		}
		return index[key], true
	}
	var equations []map[int]int64
	for i := range rows {
		for _, identity := range rowIdentities() {
			equation := map[int]int64{}
			for j, name := range identity {
				if u, ok := unknown(i, name); ok {
					equation[u] = map[bool]int64{true: -1, false: 1}[j == 0]
				}
			}
			equations = append(equations, equation)
		}
	}
	for _, c := range columns() {
		equation := map[int]int64{}
		for i := range rows {
			if u, ok := unknown(i, c.name); ok {
				equation[u] = map[bool]int64{true: -1, false: 1}[i == len(rows)-1]
			}
		}
		if columnsAddUp {
			equations = append(equations, equation)
		}
	}
	if u := determined(equations, len(names)); u >= 0 {
		return names[u]
	}
	return ""
}

// determined reduces the system over the rationals and returns an unknown left alone in an
// equation, -1 when there is none.
func determined(equations []map[int]int64, unknowns int) int {
	m := make([][]*big.Rat, len(equations))
	for i, equation := range equations {
		m[i] = make([]*big.Rat, unknowns)
		for u := range m[i] {
			m[i][u] = big.NewRat(equation[u], 1)
		}
	}
	rank := 0
	for u := 0; u < unknowns && rank < len(m); u++ {
		pivot := slices.IndexFunc(m[rank:], func(row []*big.Rat) bool { return row[u].Sign() != 0 })
		if pivot < 0 {
			continue
		}
		m[rank], m[rank+pivot] = m[rank+pivot], m[rank]
		inverse := new(big.Rat).Inv(m[rank][u])
		for v := range m[rank] {
			m[rank][v].Mul(m[rank][v], inverse)
		}
		for i := range m {
			if i == rank || m[i][u].Sign() == 0 {
				continue
			}
			factor := new(big.Rat).Set(m[i][u])
			for v := range m[i] {
				if m[rank][v].Sign() != 0 {
					m[i][v].Sub(m[i][v], new(big.Rat).Mul(factor, m[rank][v]))
				}
			}
		}
		rank++
	}
	for _, row := range m {
		alone, at := 0, -1
		for u, x := range row {
			if x.Sign() != 0 {
				alone, at = alone+1, u
			}
		}
		if alone == 1 {
			return at
		}
	}
	return -1
}

// What a reader of the published months and of a partner's totals knows together is what the
// months alone tell: beside the same values shown before, the two withhold the same totals.
func TestAPublishedYearAndAPartnersTotalsAreOneAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSummary(t)
		shown := drawShown(t, s)
		public, partner := Public(s, shown).Totals, PartnerTotals(s, shown).Totals
		for _, c := range columns() {
			if show(*c.cell(&public)) != show(*c.cell(&partner)) {
				t.Fatalf("%s: %s for all, %s for partners", c.name, show(*c.cell(&public)), show(*c.cell(&partner)))
			}
		}
	})
}

func TestSuppressionTakesASecondCell(t *testing.T) {
	b, _ := rebuilt2024(t)
	totals := PartnerTotals(b.summary(2024, "2024-12-31"), nil).Totals
	if totals.UnableToPlace == nil || *totals.UnableToPlace != 6 || len(totals.Suppressed) != 1 || totals.Suppressed[0] != "pps" {
		t.Errorf("only the three passed to PPS are withheld of the year's totals: %v", totals.Suppressed)
	}
	public := Public(b.summary(2024, "2024-12-31"), nil)
	january := public.Rows[0]
	for _, name := range []string{"out_tvif", "out_hhp"} { // 2 of 18: one alone would be told by the sum
		if !slices.Contains(january.Suppressed, name) {
			t.Errorf("January shows %s", name)
		}
	}
}
