package reports

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// published2024 holds the report's annual tables joined with its monthly appendix.
//
//go:embed published/2024.csv
var published2024 string

// publishedSource names where the printed figures come from.
const publishedSource = "Portland Public Safety Service Area, Ceasefire Program, 2024 Annual Report"

// Published is a year's summary as it was printed, checked against itself.
type Published struct {
	Year          int            `json:"year"`
	Source        string         `json:"source"`
	Rows          []Row          `json:"rows"`
	Totals        Row            `json:"totals"`
	Checks        []Check        `json:"checks"`
	Disagreements []Disagreement `json:"disagreements"`
}

// Disagreement is a place where the printed report contradicts itself. The counts are nil
// where the matter is no number.
type Disagreement struct {
	Topic   string `json:"topic"`
	Printed string `json:"printed"`
	Against string `json:"against"`
	// PrintedCount and TableCount are the two numbers, the second counted from the tables.
	PrintedCount *int `json:"printed_count"`
	TableCount   *int `json:"table_count"`
}

// Difference is a figure that a rebuilt summary and the printed one do not share. Month 0 is
// the year's total.
type Difference struct {
	Month     int    `json:"month"`
	Field     string `json:"field"`
	Published *int   `json:"published"`
	Rebuilt   *int   `json:"rebuilt"`
}

// PublishedCheck returns the printed summary of a year, its identities and where it
// contradicts itself. ok is false for a year without one; only 2024 is known.
func PublishedCheck(year int) (p Published, ok bool, err error) {
	if year != 2024 {
		return Published{}, false, nil
	}
	counts, printedN, err := readPublished(published2024)
	if err != nil {
		return Published{}, false, fmt.Errorf("read published summary of %d: %w", year, err)
	}
	p = Published{Year: year, Source: publishedSource}
	for i := range counts {
		row := counts[i].row(i + 1)
		row.N, row.CallInMeetings = &printedN[i], nil // meetings were not printed
		p.Rows = append(p.Rows, row)
	}
	p.Totals = sumRows(p.Rows)
	p.Checks = append(identities(counts[:]), printedNCheck(counts[:], printedN[:]))
	p.Disagreements = disagreements2024(p)
	return p, true, nil
}

// Compare lists the figures in which a rebuilt summary differs from the printed one. A figure
// that the report did not print is not compared.
func (p Published) Compare(s Summary) []Difference {
	differences := []Difference{}
	for i := range min(len(p.Rows), len(s.Rows)) {
		differences = append(differences, compareRows(i+1, p.Rows[i], s.Rows[i])...)
	}
	return append(differences, compareRows(0, p.Totals, s.Totals)...)
}

func compareRows(month int, printed, rebuilt Row) []Difference {
	var out []Difference
	for _, c := range columns() {
		a, b := *c.cell(&printed), *c.cell(&rebuilt)
		if a == nil || b != nil && *a == *b {
			continue
		}
		out = append(out, Difference{Month: month, Field: c.name, Published: a, Rebuilt: b})
	}
	return out
}

// readPublished reads the table into month counts; the footnotes' dual services and double
// enrolments, which are no columns, are added by month.
func readPublished(text string) (counts [months]monthCount, n [months]int, err error) {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return counts, n, err
	}
	if len(records) != months+1 {
		return counts, n, fmt.Errorf("%d lines where %d months are wanted", len(records)-1, months)
	}
	for i, record := range records[1:] {
		figures := make(map[string]int, len(record))
		for j, name := range records[0] {
			if figures[name], err = strconv.Atoi(record[j]); err != nil {
				return counts, n, fmt.Errorf("month %d, %s: not a number", i+1, name)
			}
		}
		counts[i] = publishedMonth(figures)
		n[i] = figures["n"]
	}
	noteDuals2024(&counts)
	return counts, n, nil
}

func publishedMonth(f map[string]int) monthCount {
	shootings, injuries := f["shooting_incidents"], f["injury_fatal_shootings"]
	m := monthCount{
		shootings: &shootings, injuries: &injuries,
		assessed: f["assessed"], viaReview: f["appropriate_for_referral"],
		other: f["other_referrals"], referred: f["referred"],
		outSLOICM: f["out_slo_icm"], outHHP: f["out_hhp"], outTVIF: f["out_tvif"],
		pursuing: f["pursuing"], slo: f["slo"], icm: f["icm"], shortTerm: f["short_term"],
		refused: f["refused"], unable: f["unable_to_place"],
		enrolledSLOICM: f["enrolled_slo_icm"], enrolledHHPTVIF: f["enrolled_hhp_tvif"],
		sscc: f["sscc"], pps: f["pps"], customNotifications: f["custom_notifications"],
		callIns: f["call_ins"], relocations: f["relocations"],
	}
	m.services = m.outSLOICM + m.outHHP + m.outTVIF
	m.engaged = m.icm + m.shortTerm + m.slo
	return m
}

// noteDuals2024 enters what the monthly footnotes say: five people with two services (January
// one, October three, November one), two of October's enrolled in both.
func noteDuals2024(counts *[months]monthCount) {
	counts[0].absorbed, counts[9].absorbed, counts[10].absorbed = 1, 3, 1
	counts[9].doubles = 2
	counts[9].engaged -= counts[9].doubles
}

func printedNCheck(counts []monthCount, printed []int) Check {
	c := Check{Name: "n as printed = assessed + other_referrals"}
	for i := range counts {
		want := counts[i].assessed + counts[i].other
		c.Left += printed[i]
		c.Right += want
		if printed[i] != want {
			c.Months = append(c.Months, i+1)
		}
	}
	c.Holds = len(c.Months) == 0
	return c
}
