package reports

import "context"

// release takes from a summary what partners may see of it beside all that they were shown of
// the year before, and records that: nothing is shown that could not be recorded.
// Source: docs/adr/0011-partner-totals.md.
func (l *Loader) release(ctx context.Context, program int32, s Summary) (Summary, error) {
	var out Summary
	err := l.store.ReleaseTotals(ctx, program, s.Year, func(shown map[string][]int) map[string]int {
		out = PartnerTotals(s, shown)
		return valuesOf(out.Totals)
	})
	if err != nil {
		return Summary{}, err
	}
	return out, nil
}
