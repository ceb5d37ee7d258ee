package intake

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// One list is one list, whichever line ends it has.
func TestLineEnds(t *testing.T) {
	const list = "\ncode,notes,source,referred_on\n\nHeron,\"two\nlines, \"\"quoted\"\"\",outreach,2024-05-01\nWren,,outreach,2024-05-02\n"
	for name, end := range map[string]string{"LF": "\n", "CR LF": "\r\n", "CR": "\r"} {
		s := sheetOf(t, strings.ReplaceAll(list, "\n", end))
		if !slices.Equal(s.Headings, []string{"code", "notes", "source", "referred_on"}) || len(s.Lines) != 2 {
			t.Errorf("%s: headings %v, %d lines", name, s.Headings, len(s.Lines))
			continue
		}
		if first := s.Lines[0]; first.No != 4 || first.Cells[1] != "two\nlines, \"quoted\"" || s.Lines[1].No != 6 {
			t.Errorf("%s: %+v", name, s.Lines)
		}
	}
	if s := sheetOf(t, "code\ta,b\rHeron\tx"); len(s.Headings) != 2 || len(s.Lines) != 1 {
		t.Errorf("tabs and CR: %+v", s)
	}
}

// A quotation mark that is not closed is told by the line in which its entry begins, not
// by the one where reading ended.
func TestQuotationMarksOutOfPlace(t *testing.T) {
	for text, want := range map[string]string{
		"code,a\nHeron,x\nWren,\"y\nCrow,z\n":                "line 3 is not CSV",
		"code,a\nHeron,x\nWren,\"y\nCrow,\"z\"\nTit,w\n":     "line 3 is not CSV",
		"code,a\n\"He\nron\",\"x\nWren,y\n":                  "line 2 is not CSV",
		"code,a\nHeron,the \"x\"\n":                          "line 2 is not CSV",
		"code,a\rHeron,x\rWren,\"y\r":                        "line 3 is not CSV",
		"code,a\r\nHe\"ron,x\r\n":                            "line 2 is not CSV",
		"\"code,a\nHeron,x\n":                                "line 1 is not CSV",
		"code,a\n\"Her\"\"on\",x\nWren,\"y\"z,\n\"a\",\"b\"": "line 3 is not CSV",
	} {
		if _, err := ReadSheet(context.Background(), "list.csv", strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q is answered %v", text, err)
		}
	}
}
