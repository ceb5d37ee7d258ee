package intake

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"pursuit/models"
)

var who = models.Actor{ProgramID: "01900000-0000-7000-8000-000000000001", UserID: "01900000-0000-7000-8000-000000000002",
	OrgID: "01900000-0000-7000-8000-000000000003"}

func sheetOf(t *testing.T, text string) Sheet {
	t.Helper()
	s, err := ReadSheet(context.Background(), "list.csv", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func entriesOf(t *testing.T, s Sheet, given ...string) ([]Entry, []Fault) {
	t.Helper()
	m, err := NewMapping(s, given)
	if err != nil {
		t.Fatal(err)
	}
	return Entries(s, m, who)
}

const list = `Code;First name;DOB;Phone numbers;Shooting review;Disposition;Referral source;Date referred
Heron;Ana;3/4/2001;+15035550100; +15035550101;;;Shooting Review;2024-05-01

"Wren";;;;05/02/2024;referred;shooting_review;5/3/2024
`

func TestALineIsAPersonAnAssessmentAndAReferral(t *testing.T) {
	entries, faults := entriesOf(t, sheetOf(t, strings.Replace(list, "; +1503", "|+1503", 1)))
	if len(faults) != 0 || len(entries) != 2 {
		t.Fatalf("%d entries, faults %v", len(entries), faults)
	}
	heron, wren := entries[0], entries[1]
	if got := models.Text(heron.Person.Set["date_of_birth"]); got != "2001-03-04" {
		t.Errorf("date of birth %s", got)
	}
	if got := models.Texts(heron.Person.Set["phones"]); len(got) != 2 {
		t.Errorf("phones %v", got)
	}
	if len(heron.Children) != 1 || heron.Children[0].Table != "referrals" || models.Text(heron.Children[0].Set["source"]) != "shooting_review" {
		t.Errorf("Heron's %+v", heron.Children)
	}
	if wren.Line != 4 || len(wren.Children) != 2 || wren.Children[0].Table != "assessments" {
		t.Errorf("Wren's line %d: %+v", wren.Line, wren.Children)
	}
	if models.Text(wren.Children[1].Set["assessment_id"]) != wren.Children[0].Row {
		t.Error("the referral does not name its assessment")
	}
}

func TestTheSameListMakesTheSameMutations(t *testing.T) {
	first, _ := entriesOf(t, sheetOf(t, list))
	second, _ := entriesOf(t, sheetOf(t, list))
	for i := range first {
		if first[i].Person.ID != second[i].Person.ID || first[i].Children[0].ID != second[i].Children[0].ID {
			t.Errorf("line %d differs", first[i].Line)
		}
	}
	twice, _ := entriesOf(t, sheetOf(t, "code,source,referred_on\nA,outreach,2024-01-01\na,outreach,2024-01-01\nB,outreach,2024-01-01\n"))
	if len(twice) != 3 || twice[0].referral().Row != twice[1].referral().Row || twice[0].referral().Row == twice[2].referral().Row {
		t.Errorf("a line that stands twice makes %+v", twice)
	}
}

func TestFaultsNameTheirCell(t *testing.T) {
	_, faults := entriesOf(t, sheetOf(t, "code,dob,source,referred_on,houseless\n,evil,evil,2024-13-01,evil\nok,,outreach,2024-01-01,no\n"))
	want := map[string]string{"A2": "code", "B2": "date_of_birth", "C2": "source", "D2": "referred_on", "E2": "houseless"}
	for _, f := range faults {
		if want[f.Cell] != f.Field || f.Line != 2 {
			t.Errorf("%+v", f)
		}
		if strings.Contains(f.String(), "evil") {
			t.Errorf("%s repeats the cell", f)
		}
		delete(want, f.Cell)
	}
	if len(want) != 0 {
		t.Errorf("not told: %v", want)
	}
}

// A fault of a field without a cell names the field, and the cell that needs it.
func TestFaultsOfFieldsWithoutACell(t *testing.T) {
	_, faults := entriesOf(t, sheetOf(t, "code,source,referred_on,arrests,disposition\na,outreach,2024-01-01,2,\nb,outreach,2024-01-01,,referred\nc,outreach,2024-01-01,,evil\n"))
	want := []string{"line 2, cell D2 (arrest_count): needs shooting_review_on in the same line, which no column fills",
		"line 2, cell E2 (disposition): must not be empty where the line has an assessment",
		"line 3, cell E3 (disposition): needs shooting_review_on in the same line, which no column fills"}
	for i, f := range faults {
		if i < len(want) && f.String() != want[i] || strings.Contains(f.String(), "evil") {
			t.Errorf("told is %s", f)
		}
	}
	if len(faults) != 4 || faults[3].Cell != "E4" {
		t.Errorf("faults %v", faults)
	}
	_, faults = entriesOf(t, sheetOf(t, "code,source,referred_on\na,outreach,2024-01-01\n"), "disposition:=referred")
	if len(faults) != 1 || faults[0].String() != "line 2 (disposition): needs shooting_review_on in the same line, which no column fills" {
		t.Errorf("faults %v", faults)
	}
}

func TestMappings(t *testing.T) {
	s := sheetOf(t, "Street,When\nHeron,2024-01-01\n")
	if _, err := NewMapping(s, nil); err == nil || !strings.Contains(err.Error(), "--map code=HEADING") || !strings.Contains(err.Error(), "Street") {
		t.Errorf("a list without a code: %v", err)
	}
	entries, faults := entriesOf(t, s, "code=street", "referred_on=When", "source:=outreach")
	if len(faults) != 0 || models.Text(entries[0].Children[0].Set["source"]) != "outreach" {
		t.Errorf("%v %v", entries, faults)
	}
	for _, bad := range []string{"code", "evil=Street", "code=Elsewhere", "source:=evil", "date_of_birth:=31.12.2000", "houseless:=perhaps", "notes:="} {
		if _, err := NewMapping(s, []string{bad}); err == nil {
			t.Errorf("--map %s is taken", bad)
		}
	}
}

func TestAWorkbookWithItsOwnDates(t *testing.T) {
	book := excelize.NewFile()
	for cell, value := range map[string]any{"A1": "Code", "B1": "Source", "C1": "Referred on", "A2": "Heron", "B2": "outreach", "C2": 45413} {
		if err := book.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	var content bytes.Buffer
	if err := book.Write(&content); err != nil {
		t.Fatal(err)
	}
	s, err := ReadSheet(context.Background(), "list.xlsx", &content)
	if err != nil {
		t.Fatal(err)
	}
	entries, faults := entriesOf(t, s)
	if len(faults) != 0 || models.Text(entries[0].Children[0].Set["referred_on"]) != "2024-05-01" {
		t.Errorf("%+v %v", entries, faults)
	}
}

func TestWhatIsNoList(t *testing.T) {
	for name, content := range map[string]string{"list.pdf": "x", "list.xlsx": "x", "list.csv": "", "a.csv": "a\xff,b", "b.csv": "a,\"b"} {
		if _, err := ReadSheet(context.Background(), name, strings.NewReader(content)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// Whatever a file holds, reading it ends in a list or an error.
func TestAnyFileIsReadOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := "code,source,referred_on,dob\n" + rapid.StringOf(rapid.SampledFrom([]rune("aé1,;\"\n\t/-=20"))).Draw(t, "content")
		s, err := ReadSheet(context.Background(), "list.csv", strings.NewReader(content))
		if err != nil {
			return
		}
		if m, err := NewMapping(s, nil); err == nil {
			Entries(s, m, who)
		}
	})
}
