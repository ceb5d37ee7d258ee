package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// SummaryTable is the monthly summary, a row a month and the totals. A workbook shows the
// month's name, CSV its number and "total".
func SummaryTable(s Summary) Table {
	figures := []figure[Row]{{TableColumn{"month", "Month", "", Count}, func(r Row) any { return r.Month }}}
	for _, c := range columns() {
		column := TableColumn{Name: c.name, Heading: c.heading, Means: c.means, Kind: Count}
		figures = append(figures, figure[Row]{column, func(r Row) any { return null(*c.cell(&r)) }})
	}
	if suppressed(s) { // else a cell without a number is one that nobody knows
		figures = append(figures, figure[Row]{TableColumn{"suppressed", "Withheld", "Figures whose count is withheld.", Sentence},
			func(r Row) any { return strings.Join(r.Suppressed, " ") }})
	}
	t := tableOf(slices.Values(s.Rows), figures)
	t.Totals = []any{"total"}
	for _, f := range figures[1:] {
		t.Totals = append(t.Totals, f.of(s.Totals))
	}
	t.Name, t.Title = "Summary", fmt.Sprintf("Ceasefire Summary: %d", s.Year)
	t.Subtitle = fmt.Sprintf("Referrals by month, with their status as of the end of %s", s.AsOf)
	if suppressed(s) {
		t.Notes = append(t.Notes, "Counts under 5 are withheld, and others where they would give one away.")
	}
	return t
}

// ChecksTable is the summary's identities and notices, failing ones first.
func ChecksTable(s Summary) Table {
	checks := slices.Concat(s.Checks, s.Notices)
	slices.SortStableFunc(checks, func(a, b Check) int {
		switch {
		case a.Holds == b.Holds:
			return 0
		case b.Holds:
			return -1
		}
		return 1
	})
	t := tableOf(slices.Values(checks), []figure[Check]{
		{TableColumn{"name", "Check", "", Sentence}, func(c Check) any { return c.Name }},
		{TableColumn{"left", "Left side", "", Count}, func(c Check) any { return c.Left }},
		{TableColumn{"right", "Right side", "", Count}, func(c Check) any { return c.Right }},
		{TableColumn{"holds", "Holds", "", Flag}, func(c Check) any { return c.Holds }},
		{TableColumn{"months", "Fails in", "", Text}, func(c Check) any { return monthNames(c.Months) }},
	})
	t.Name, t.Title = "Checks", fmt.Sprintf("Does the summary of %d agree with itself?", s.Year)
	t.Subtitle = "One that fails points at records that are missing something, most often a referral without a service."
	return t
}

// DisagreementsTable lists where a printed report contradicts itself.
func DisagreementsTable(p Published) Table {
	t := tableOf(slices.Values(p.Disagreements), []figure[Disagreement]{
		{TableColumn{"topic", "What", "", Sentence}, func(d Disagreement) any { return d.Topic }},
		{TableColumn{"printed_count", "In the text", "", Count}, func(d Disagreement) any { return null(d.PrintedCount) }},
		{TableColumn{"table_count", "In the tables", "", Count}, func(d Disagreement) any { return null(d.TableCount) }},
		{TableColumn{"printed", "What is printed", "", Sentence}, func(d Disagreement) any { return d.Printed }},
		{TableColumn{"against", "Against", "", Sentence}, func(d Disagreement) any { return d.Against }},
	})
	t.Name, t.Title = "Published", fmt.Sprintf("Where the printed report of %d disagrees with itself", p.Year)
	t.Subtitle = "Source: " + p.Source
	return t
}

// SummaryBook lists the sheets of the summary's workbook: the table for people, its checks
// when it carries any, and for a year with a printed report where that contradicts itself.
func SummaryBook(s Summary) ([]Table, error) {
	main := SummaryTable(s)
	main.Columns = slices.Clone(main.Columns)
	main.Columns[0].Kind = Text
	numbered := main.Rows
	main.Rows = func(yield func([]any) bool) {
		for row := range numbered {
			if month, ok := row[0].(int); ok {
				row[0] = time.Month(month).String()
			}
			if !yield(row) {
				return
			}
		}
	}
	main.Totals[0] = "Total"
	book := []Table{main}
	if len(s.Checks) == 0 {
		return book, nil
	}
	book = append(book, ChecksTable(s))
	p, known, err := PublishedCheck(s.Year)
	if err != nil {
		return nil, err
	}
	if known {
		book = append(book, DisagreementsTable(p))
	}
	return book, nil
}

func suppressed(s Summary) bool {
	return len(s.Totals.Suppressed) > 0 ||
		slices.ContainsFunc(s.Rows, func(r Row) bool { return len(r.Suppressed) > 0 })
}

func monthNames(numbers []int) string {
	names := ""
	for i, n := range numbers {
		if i > 0 {
			names += ", "
		}
		names += time.Month(n).String()
	}
	return names
}
