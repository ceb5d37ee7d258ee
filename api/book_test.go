package api

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"pursuit/models"
)

// headingsAt is the row of a sheet's headings; its values begin below.
const headingsAt = 4

// sheetLook is what a sheet must look like, by its headings.
type sheetLook struct {
	formats map[string]string // number formats of some columns
	cells   map[string]string // how the first row shows some of them
	notes   []string          // footnotes among others
}

// Each workbook that the server makes can be printed and presented: it has a title,
// headings in bold that stay in view and come on every page, landscape pages one wide,
// columns as wide as their values, numbers and dates that are such, and footnotes that
// say what the columns mean.
func TestWorkbooksCanBePresented(t *testing.T) {
	const count, decimal, percent, day, moment, text = "#,##0", "#,##0.00", "0.0%", "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "@"
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		zone, err := time.LoadLocation("America/Los_Angeles")
		must(t, err)
		now := time.Now().In(zone).Format("2006-01-02 15:04")[:len("2006-01-02 ")] // the minute may pass
		effort := map[string]string{"Attempts": count, "Attempts a week": decimal, "Reach rate": percent, "Last attempt": moment}
		services := sheetLook{formats: map[string]string{"Attempts": count, "Reach rate": percent, "Ladder coverage": percent, "Longest gap, days": decimal,
			"Referred on": day, "First attempt": moment, "Person code": text, "Service": text},
			cells: map[string]string{"Attempts": "1", "Reach rate": "100.0%", "Person code": "=Heron", "Service": c.service, "First attempt": now},
			notes: []string{"Reach rate: Reached ÷ attempts.", "Ladder coverage: Rungs ever tried ÷ 6"}}
		for path, sheets := range map[string]map[string]sheetLook{
			"/v1/intensity/services?": {"Services": services},
			"/v1/intensity/services/" + c.service + "?": {"Services": services,
				"Timeline": {map[string]string{"When": moment, "Channel": text}, map[string]string{"When": now, "Channel": "call", "Counts": "counted", "In the window": "yes"}, []string{"Counts: counted, or why not."}}},
			"/v1/intensity/workers?": {"Workers": {effort, map[string]string{"Attempts": "1", "Reach rate": "100.0%"}, []string{"Reach rate: Reached ÷ attempts."}}},
			"/v1/intensity/program?": {"Program": {map[string]string{"Week of": day, "Attempts": count, "Calls": count}, nil, []string{"Median days from referral to first contact"}}},
			"/v1/reports/summary?year=2024&": {"Summary": {map[string]string{"Month": text, "Referred": count, "Enrolled": count},
				map[string]string{"Month": "January", "Referred": "0"}, []string{"Assessed: Persons assessed after a shooting review"}},
				"Checks": {map[string]string{"Left side": count}, map[string]string{"Left side": "0", "Holds": "yes"}, nil}, "Published": {map[string]string{"In the text": count}, nil, nil}},
			"/v1/reports/published-check?year=2024&": {"Published": {}},
			"/v1/export/contact_attempts?": {"contact_attempts": {map[string]string{"_v": count, "occurred_at": moment, "latitude": "", "duration_minutes": count, "note": text, "id": text},
				map[string]string{"id": c.attempt, "occurred_at": now, "late": "no", "note": "secret note", "duration_minutes": ""}, []string{"Left out: deleted rows"}}},
			"/v1/export/referrals?": {"referrals": {map[string]string{"referred_on": day}, nil, nil}},
		} {
			t.Run(strings.ReplaceAll(path, c.service, "id"), func(t *testing.T) {
				book, err := excelize.OpenReader(bytes.NewReader(c.get(models.RoleSupervisor, path+"format=xlsx").body))
				must(t, err)
				presentable(t, book)
				for name, want := range sheets {
					looks(t, book, name, want)
				}
			})
		}
	})
}

// Every table's export is a workbook that opens, whatever its name and fields.
func TestEveryTableExportsAWorkbook(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for _, table := range models.Tables.Tables {
			answer := c.get(models.RoleSupervisor, "/v1/export/"+table.Name+"?format=xlsx")
			book, err := excelize.OpenReader(bytes.NewReader(answer.body))
			if err != nil {
				t.Fatalf("%s: %d %v", table.Name, answer.status, err)
			}
			presentable(t, book)
			if headings, err := book.GetRows(table.Name); err != nil || len(headings[headingsAt-1]) != len(table.Fields)+3 {
				t.Errorf("%s has %d headings, %v", table.Name, len(headings[headingsAt-1]), err)
			}
		}
	})
}

// presentable holds what is the same in every workbook.
func presentable(t *testing.T, book *excelize.File) {
	t.Helper()
	about, err := book.GetDocProps()
	must(t, err)
	title, err := book.GetCellValue(book.GetSheetName(0), "A1")
	if err != nil || about.Title == "" || about.Title != title || about.Creator != "Pursuit" {
		t.Errorf("the workbook is called %q by %q, its first sheet %q, %v", about.Title, about.Creator, title, err)
	}
	repeated := map[string]string{}
	for _, name := range book.GetDefinedName() {
		if name.Name == "_xlnm.Print_Titles" {
			repeated[name.Scope] = name.RefersTo
		}
	}
	for _, sheet := range book.GetSheetList() {
		if utf8.RuneCountInString(sheet) > excelize.MaxSheetNameLength || strings.ContainsAny(sheet, `[]:*?/\'`) {
			t.Errorf("a sheet is called %q", sheet)
		}
		if want := fmt.Sprintf("'%s'!$%d:$%[2]d", sheet, headingsAt); repeated[sheet] != want {
			t.Errorf("%s repeats %q on each page, not %s", sheet, repeated[sheet], want)
		}
		printable(t, book, sheet)
		readable(t, book, sheet)
	}
}

// printable holds how a sheet prints.
func printable(t *testing.T, book *excelize.File, sheet string) {
	t.Helper()
	page, err := book.GetPageLayout(sheet)
	must(t, err)
	props, err := book.GetSheetProps(sheet)
	must(t, err)
	if *page.Orientation != "landscape" || *page.FitToWidth != 1 || *page.FitToHeight != 0 || *page.Size != 1 || !*props.FitToPage {
		t.Errorf("%s prints %s, %d wide, %d high, on paper %d, fitted %v", sheet, *page.Orientation, *page.FitToWidth, *page.FitToHeight, *page.Size, *props.FitToPage)
	}
	if foot, err := book.GetHeaderFooter(sheet); err != nil || foot == nil || !strings.Contains(foot.OddFooter, "&P") {
		t.Errorf("%s has no page numbers: %+v %v", sheet, foot, err)
	}
}

// readable holds what a sheet looks like on a screen.
func readable(t *testing.T, book *excelize.File, sheet string) {
	t.Helper()
	panes, err := book.GetPanes(sheet)
	if err != nil || !panes.Freeze || panes.YSplit != headingsAt || panes.XSplit != 1 {
		t.Errorf("%s: its headings do not stay: %+v %v", sheet, panes, err)
	}
	rows, err := book.GetRows(sheet)
	must(t, err)
	for i, heading := range rows[headingsAt-1] {
		column, err := excelize.ColumnNumberToName(i + 1)
		must(t, err)
		style, err := book.GetCellStyle(sheet, fmt.Sprint(column, headingsAt))
		must(t, err)
		look, err := book.GetStyle(style)
		if err != nil || look.Font == nil || !look.Font.Bold || !look.Alignment.WrapText || heading == "" {
			t.Errorf("%s: the heading %q does not look like one: %+v %v", sheet, heading, look, err)
		}
		longest := 0
		for word := range strings.FieldsSeq(heading) {
			longest = max(longest, utf8.RuneCountInString(word))
		}
		if width, err := book.GetColWidth(sheet, column); err != nil || width < 10 || width > 70 || width < float64(longest) {
			t.Errorf("%s: the column %q is %.0f wide, %v", sheet, heading, width, err)
		}
	}
}

// looks holds a sheet's first row and its footnotes against what they must be.
func looks(t *testing.T, book *excelize.File, sheet string, want sheetLook) {
	t.Helper()
	rows, err := book.GetRows(sheet)
	must(t, err)
	cell := func(heading string) string {
		at, err := excelize.CoordinatesToCellName(1+slices.Index(rows[headingsAt-1], heading), headingsAt+1)
		if err != nil {
			t.Fatalf("%s has no column %q among %q", sheet, heading, rows[headingsAt-1])
		}
		return at
	}
	for heading, format := range want.formats {
		style, err := book.GetCellStyle(sheet, cell(heading))
		must(t, err)
		look, err := book.GetStyle(style)
		must(t, err)
		got := ""
		if look.CustomNumFmt != nil {
			got = *look.CustomNumFmt
		} else if known := map[int]string{3: "#,##0", 4: "#,##0.00", 49: "@"}; look.NumFmt != 0 {
			got = known[look.NumFmt]
		}
		if kind, err := book.GetCellType(sheet, cell(heading)); got != format || err != nil ||
			format != "@" && kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
			t.Errorf("%s: %q has the format %q, not %q, and the type %v, %v", sheet, heading, got, format, kind, err)
		}
	}
	for heading, value := range want.cells {
		if got, err := book.GetCellValue(sheet, cell(heading)); err != nil || !strings.HasPrefix(got, value) || value == "" && got != "" {
			t.Errorf("%s: %q shows %q, not %q, %v", sheet, heading, got, value, err)
		}
	}
	foot := fmt.Sprint(rows[headingsAt:])
	for _, note := range want.notes {
		if !strings.Contains(foot, note) {
			t.Errorf("%s: no footnote says %q", sheet, note)
		}
	}
}
