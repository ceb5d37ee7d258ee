package intake

import (
	"slices"
	"strings"
	"testing"
)

// Where two columns could fill a field, none is guessed; given maps decide.
func TestColumnsThatCannotBeToldApart(t *testing.T) {
	for heads, want := range map[string]string{
		"code,code,source,referred_on":            "A (code), B (code)",
		"Code,CODE ,source,referred_on":           "fill code",
		"code,source,referred_on,Phone,Telephone": "D (Phone), E (Telephone)",
		"code,source,referred_on,dob,Born":        "--map date_of_birth=HEADING",
	} {
		if _, err := NewMapping(sheetOf(t, heads+"\na,b,c,d,e\n"), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", heads, err)
		}
	}
	s := sheetOf(t, "code,source,referred_on,dob,Born,Street,Street\na,b,c,,,y,z\n")
	if m, err := NewMapping(s, []string{"date_of_birth=Born"}); err != nil || m.columns["date_of_birth"] != 4 {
		t.Errorf("a column that is named is not taken: %v", err)
	}
	if m, err := NewMapping(sheetOf(t, "phones,Phone,code,source,referred_on\n"), nil); err != nil || m.columns["phones"] != 0 {
		t.Errorf("the field's own name is not taken: %v", err)
	}
	for want, given := range map[string][]string{
		"code is given twice":   {"code=dob", "code=Born"},
		"source is given twice": {"source:=outreach", "source:=other"},
		"several columns have":  {"date_of_birth=dob", "code=Street"},
		"must have a value":     {"source:= "},
	} {
		if _, err := NewMapping(s, given); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--map %v: %v", given, err)
		}
	}
}

// A value given with a column fills its empty cells.
func TestAValueBesideAColumn(t *testing.T) {
	entries, faults := entriesOf(t, sheetOf(t, "code,source,referred_on\nHeron,,2024-01-01\nWren,police,2024-01-01\n"), "source=source", "source:=outreach")
	if len(entries) != 1 || len(faults) != 1 || faults[0].Cell != "B3" {
		t.Errorf("%d entries, faults %v", len(entries), faults)
	}
}

// Columns that fill nothing are named, but for empty ones without a heading.
func TestColumnsThatAreNotRead(t *testing.T) {
	s := sheetOf(t, "code,date_of_brith,,,source,\"two\nlines \x1b[31m\",referred_on\nHeron,2001-01-01,x,,outreach,,2024-01-01\n")
	m, err := NewMapping(s, nil)
	if want := []string{"B (date_of_brith)", "C", "F (two lines [31m)"}; err != nil || !slices.Equal(m.Unread(), want) {
		t.Errorf("not read are %q, %v", m.Unread(), err)
	}
	if m, err = NewMapping(s, []string{"date_of_birth=date_of_brith", "reason=two lines [31m"}); err == nil {
		t.Errorf("a heading is taken by what is shown of it: %q", m.Unread())
	}
}

// What stands under no heading is told by its cell, and the line is left out.
func TestCellsUnderNoHeading(t *testing.T) {
	entries, faults := entriesOf(t, sheetOf(t, "code,source,referred_on,,\nHeron,outreach,2024-01-01,, x\nWren,outreach,2024-01-01, ,\n"+
		"Crow,outreach,2024-01-01"+strings.Repeat(",", 300)+"y\n"))
	if len(entries) != 1 || len(faults) != 2 || faults[0].Cell != "E2" || faults[1].Cell != "KQ4" {
		t.Fatalf("%d entries, faults %v", len(entries), faults)
	}
	if want := "line 2, cell E2: stands under no heading"; faults[0].String() != want {
		t.Errorf("told is %q", faults[0])
	}
}
