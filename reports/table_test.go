package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func csvOf(t interface{ Fatal(...any) }, table Table) [][]string {
	var out bytes.Buffer
	if err := WriteCSV(&out, table); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func workbook(t interface{ Fatal(...any) }, tables ...Table) (*excelize.File, []byte) {
	var out bytes.Buffer
	if err := WriteXLSX(&out, tables...); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return book, out.Bytes()
}

func textTable(texts ...string) Table {
	t := tableOf(slices.Values(texts), []figure[string]{
		{TableColumn{"person_code", "Code", "", Text}, func(s string) any { return s }}})
	t.Name, t.Title = "Codes", "=1+1"
	return t
}

func TestTheSummaryAsCSV(t *testing.T) {
	b, p := rebuilt2024(t)
	records := csvOf(t, SummaryTable(b.summary(2024, "2024-12-31")))
	if len(records) != 14 || records[0][0] != "month" || records[13][0] != "total" {
		t.Fatalf("%d lines, from %v to %v", len(records), records[0], records[len(records)-1])
	}
	for i, name := range records[0][1:] {
		if name != columns()[i].name {
			t.Errorf("header %s stands where %s is", name, columns()[i].name)
		}
	}
	referred := slices.Index(records[0], "referred")
	if records[1][0] != "1" || records[1][referred] != "18" || records[13][referred] != "263" {
		t.Errorf("%v", records[1])
	}
	unknown := csvOf(t, SummaryTable(Summary{Rows: p.Rows, Totals: p.Totals}))
	if got := unknown[1][slices.Index(unknown[0], "call_in_meetings")]; got != "" {
		t.Errorf("an unknown figure is written %q", got)
	}
}

// In a file too, a cell that is withheld is told from one that nobody knows.
func TestAFileNamesWhatIsWithheld(t *testing.T) {
	b, _ := rebuilt2024(t)
	totals := PartnerTotals(b.summary(2024, "2023-12-31"), nil)
	records := csvOf(t, SummaryTable(totals))
	place := slices.Index(records[0], "suppressed")
	if place < 0 || len(totals.Totals.Suppressed) == 0 {
		t.Fatalf("nothing is withheld, or the file does not say so: %v", records[0])
	}
	last := records[len(records)-1]
	if got := strings.Fields(last[place]); !slices.Equal(got, totals.Totals.Suppressed) {
		t.Errorf("withheld are %v, the file names %v", totals.Totals.Suppressed, got)
	}
	for _, name := range totals.Totals.Suppressed {
		if cell := last[slices.Index(records[0], name)]; cell != "" {
			t.Errorf("%s is withheld and shown as %q", name, cell)
		}
	}
}

func TestTheSummaryAsAWorkbook(t *testing.T) {
	b, _ := rebuilt2024(t)
	sheets, err := SummaryBook(b.summary(2024, "2024-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	book, first := workbook(t, sheets...)
	if got := strings.Join(book.GetSheetList(), " "); got != "Summary Checks Published" {
		t.Errorf("sheets: %s", got)
	}
	rows, err := book.GetRows("Summary")
	if err != nil {
		t.Fatal(err)
	}
	if rows[0][0] != "Ceasefire Summary: 2024" || rows[3][0] != "Month" || rows[4][0] != "January" || rows[16][0] != "Total" {
		t.Errorf("%v / %v / %v", rows[0], rows[3], rows[4])
	}
	referred := slices.Index(rows[3], "Referred")
	if rows[4][referred] != "18" || rows[16][referred] != "263" {
		t.Errorf("January %v", rows[4])
	}
	notes := fmt.Sprint(rows[17:])
	for _, c := range columns() {
		if !strings.Contains(notes, c.heading+": "+c.means) {
			t.Errorf("no footnote says what %q means", c.heading)
		}
	}
	kind, err := book.GetCellType("Summary", "B5")
	if err != nil || kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString {
		t.Errorf("a count is stored as text (%v, %v)", kind, err)
	}
	again, err := SummaryBook(b.summary(2024, "2024-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // a clock in the file would show
	for range 10 {                      // and so would the order of a map
		if _, second := workbook(t, again...); !bytes.Equal(first, second) {
			t.Fatal("the same summary gives other bytes")
		}
	}
}

func TestAPublicWorkbookHoldsNoChecks(t *testing.T) {
	b, _ := rebuilt2024(t)
	sheets, err := SummaryBook(Public(b.summary(2024, "2024-12-31"), nil))
	if err != nil || len(sheets) != 1 {
		t.Fatal(len(sheets), err)
	}
	if !strings.Contains(fmt.Sprint(sheets[0].Notes), "withheld") {
		t.Error("nothing says that counts were withheld")
	}
}

func TestIntensityTables(t *testing.T) {
	w := window(t, "2026-03-02", "2026-03-15", "2026-03-15")
	n := NewIntensity(w, []Worker{{UserID: "ana", Name: "=Ana"}})
	s := n.Begin(pursued(t))
	if err := s.Add(try(t, "1", "2026-03-03 09:00", "call", "spoke")); err != nil {
		t.Fatal(err)
	}
	figures := s.Finish()
	services := ServicesTable(w, slices.Values([]ServiceFigures{figures}))
	records := csvOf(t, services)
	got := map[string]string{}
	for i, name := range records[0] {
		got[name] = records[1][i]
	}
	for name, want := range map[string]string{"service_id": "s1", "attempts": "1", "attempts_per_week": "0.5",
		"reach_rate": "1", "last_attempt_at": "2026-03-03T17:00:00.000Z", "days_to_engagement": "",
		"referred_on": "2026-03-02", "never_attempted": "false", "longest_gap_days": "12.58"} {
		if got[name] != want {
			t.Errorf("%s is %q, not %q", name, got[name], want)
		}
	}
	workers := csvOf(t, WorkersTable(w, n.Workers()))
	if workers[1][1] != "'=Ana" {
		t.Errorf("worker's name: %q", workers[1][1])
	}
	weeks := csvOf(t, WeeksTable(w, n.Program()))
	if strings.Join(weeks[1][:4], " ") != "2026-03-02 1 1 1" || len(weeks) != 3 {
		t.Errorf("weeks: %v", weeks)
	}
	book, _ := workbook(t, services, WorkersTable(w, n.Workers()), WeeksTable(w, n.Program()))
	at := slices.Index(records[0], "last_attempt_at")
	cell, err := excelize.CoordinatesToCellName(at+1, headingRow+1)
	if err != nil {
		t.Fatal(err)
	}
	if shown, err := book.GetCellValue("Services", cell); err != nil || shown != "2026-03-03 09:00" {
		t.Errorf("the last attempt is shown as %q (%v), not in the program's time", shown, err)
	}
}

func TestAFrozenSummaryGivesTheSameFiles(t *testing.T) {
	b, _ := rebuilt2024(t)
	for _, s := range []Summary{b.summary(2024, "2024-12-31"), Public(b.summary(2024, "2024-12-31"), nil)} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var thawed Summary
		if err := json.Unmarshal(text, &thawed); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(thawed)
		if err != nil || !bytes.Equal(text, again) {
			t.Errorf("the JSON differs (%v)", err)
		}
		if fmt.Sprint(csvOf(t, SummaryTable(s))) != fmt.Sprint(csvOf(t, SummaryTable(thawed))) {
			t.Error("the CSV differs")
		}
		before, err := SummaryBook(s)
		if err != nil {
			t.Fatal(err)
		}
		after, err := SummaryBook(thawed)
		if err != nil {
			t.Fatal(err)
		}
		_, one := workbook(t, before...)
		if _, two := workbook(t, after...); !bytes.Equal(one, two) {
			t.Error("the workbook differs")
		}
	}
}
