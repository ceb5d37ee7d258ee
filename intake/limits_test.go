package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// sheetParts makes a workbook whose one sheet is written as it is given.
func sheetParts(t *testing.T, sheet io.Reader, words string) []byte {
	t.Helper()
	const kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	var content bytes.Buffer
	z := zip.NewWriter(&content)
	for _, part := range []struct {
		name string
		from io.Reader
	}{
		{"_rels/.rels", strings.NewReader(`<Relationships><Relationship Id="a" Type="` + kinds + `officeDocument" Target="/xl/book.xml"/></Relationships>`)},
		{"xl/book.xml", strings.NewReader(`<workbook xmlns:r="x"><sheets><sheet name="S" sheetId="1" r:id="b"/></sheets></workbook>`)},
		{"xl/_rels/book.xml.rels", strings.NewReader(`<Relationships><Relationship Id="b" Type="` + kinds + `worksheet" Target="worksheets/s.xml"/>` +
			`<Relationship Id="c" Type="` + kinds + `sharedStrings" Target="words.xml"/></Relationships>`)},
		{"xl/words.xml", strings.NewReader("<sst>" + words + "</sst>")},
		{"xl/worksheets/s.xml", io.MultiReader(strings.NewReader("<worksheet><sheetData>"), sheet, strings.NewReader("</sheetData></worksheet>"))},
	} {
		w, err := z.Create(part.name)
		if err == nil {
			_, err = io.Copy(w, part.from)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

// again reads a text so many times over.
func again(text string, times int) io.Reader {
	return &repeated{text: strings.Repeat(text, 1000), times: times / 1000}
}

type repeated struct {
	text  string
	times int
	at    int
}

func (r *repeated) Read(into []byte) (int, error) {
	if r.times == 0 {
		return 0, io.EOF
	}
	n := copy(into, r.text[r.at:])
	if r.at += n; r.at == len(r.text) {
		r.at, r.times = 0, r.times-1
	}
	return n, nil
}

const (
	heads   = `<row><c t="inlineStr"><is><t>code</t></is></c><c t="inlineStr"><is><t>source</t></is></c></row>`
	oneLine = `<row><c><v>1</v></c><c><v>2</v></c></row>`
)

// allocated is how much memory a function asks for.
func allocated(act func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	act()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Rows without numbers are counted, and lines are counted as they are read: one that is
// too many ends the reading, whatever follows.
func TestRowsWithoutNumbers(t *testing.T) {
	s, err := ReadSheet(context.Background(), "list.xlsx", bytes.NewReader(sheetParts(t, strings.NewReader(heads+"<row/>"+oneLine+`<row r="9"><c r="B9"><v>5</v></c></row>`+oneLine), "")))
	if err != nil || len(s.Lines) != 3 || s.Lines[0].No != 3 || s.Lines[1].No != 9 || s.Lines[2].No != 10 || strings.Join(s.Lines[1].Cells, "|") != "|5" {
		t.Errorf("%+v %v", s, err)
	}
	content := sheetParts(t, io.MultiReader(strings.NewReader(heads), again(oneLine, maxLines)), "")
	if s, err := ReadSheet(context.Background(), "list.xlsx", bytes.NewReader(content)); err != nil || len(s.Lines) != maxLines {
		t.Errorf("%d lines, %v", len(s.Lines), err)
	}
	content = sheetParts(t, io.MultiReader(strings.NewReader(heads), again(oneLine, 1_000_000)), "")
	used := allocated(func() { _, err = ReadSheet(context.Background(), "list.xlsx", bytes.NewReader(content)) })
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("more than %d lines", maxLines)) {
		t.Errorf("a million lines are answered %v", err)
	}
	if used > maxKept {
		t.Errorf("a million lines take %d MiB", used>>20)
	}
}

// A file that was made to fill memory or time is refused early, in words.
func TestWorkbooksMadeToFillTheMemory(t *testing.T) {
	long := strings.Repeat("x", 2*maxToken)
	for name, c := range map[string]struct {
		rows, words, want string
	}{
		"a row beyond any":    {heads + `<row r="2000000000"/>`, "", "rows"},
		"a row before any":    {heads + `<row r="-1"/>`, "", "rows"},
		"a column beyond any": {heads + `<row><c r="XFE2"><v>1</v></c></row>`, "", "cannot be read"},
		"cells beyond any":    {heads + `<row>` + strings.Repeat(`<c/>`, sheetColumns+1) + `</row>`, "", "columns"},
		"columns beyond any":  {`<row>` + strings.Repeat(`<c><v>1</v></c>`, maxColumns+1) + `</row>`, "", "columns"},
		"a long text":         {heads + `<row><c><v>` + long + `</v></c></row>`, "", "cannot be read"},
		"a text in parts":     {heads + `<row><c><v>` + strings.Repeat(long[:1000]+"<!-- -->", 2000) + `</v></c></row>`, "", "cannot be read"},
		"a long tag":          {heads + `<row x="` + long + `"/>`, "", "cannot be read"},
		"a long section":      {heads + `<row><c><v><![CDATA[` + strings.Repeat("<x>", maxToken) + `]]></v></c></row>`, "", "cannot be read"},
		"a long remark":       {heads + `<!--` + strings.Repeat("<x>", maxToken) + `-->`, "", "cannot be read"},
		"a long instruction":  {heads + `<?x ` + strings.Repeat("<x>", maxToken) + `?>`, "", "cannot be read"},
		"a declaration":       {`<!DOCTYPE x [<!ENTITY a "b">]>` + heads, "", "cannot be read"},
		"no such string":      {heads + `<row><c t="s"><v>7</v></c></row>`, "", "cannot be read"},
		"a string too long":   {heads, `<si><t>` + long + `</t></si>`, "read"},
	} {
		content := sheetParts(t, strings.NewReader(c.rows), c.words)
		var err error
		used := allocated(func() { _, err = ReadSheet(context.Background(), "list.xlsx", bytes.NewReader(content)) })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s is answered %v", name, err)
		}
		if used > 32*maxToken {
			t.Errorf("%s takes %d MiB", name, used>>20)
		}
	}
	content := sheetParts(t, io.MultiReader(strings.NewReader(heads), again("<x></x>", 1_000_000)), "")
	if err := new(Sheet).unzip(context.Background(), content, 1<<20); err == nil || !strings.Contains(err.Error(), "unzips to more") {
		t.Errorf("a workbook that unzips to more is answered %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ReadSheet(gone, "list.xlsx", bytes.NewReader(content)); !errors.Is(err, context.Canceled) {
		t.Errorf("reading that was cancelled ends with %v", err)
	}
	wide := `<row><c t="s"><v>0</v></c><c r="IV2"/></row>`
	full := Sheet{kept: maxKept - 1000}
	if err := full.unzip(context.Background(), sheetParts(t, again(wide, 1000), `<si><t>heron</t></si>`), 1<<30); err == nil || !strings.Contains(err.Error(), "of text") {
		t.Errorf("more than may be kept is answered %v", err)
	}
}

// A line of nothing but separators is refused before cells are made of it.
func TestALineOfSeparators(t *testing.T) {
	text := "code,source\nHeron,outreach\n" + strings.Repeat(",", 8<<20) + "\n"
	var err error
	used := allocated(func() { _, err = ReadSheet(context.Background(), "list.csv", strings.NewReader(text)) })
	if err == nil || !strings.Contains(err.Error(), "columns") || used > uint64(8*len(text)) {
		t.Errorf("%v, %d MiB", err, used>>20)
	}
	s, err := ReadSheet(context.Background(), "list.csv", strings.NewReader("code,source\nHeron,outreach"+strings.Repeat(",", 1000)+"\n"))
	if err != nil || len(s.Lines) != 1 || s.Lines[0].beyond != 0 {
		t.Errorf("empty cells beyond the headings: %+v, %v", s.Lines, err)
	}
}

// What another reader of workbooks sees in a sheet is what is read.
func TestWorkbooksAreReadAsAnotherReaderDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		book := excelize.NewFile()
		for r := range rapid.IntRange(1, 6).Draw(rt, "rows") {
			for c := range rapid.IntRange(0, 5).Draw(rt, "cells") {
				value := rapid.OneOf(rapid.Just[any](nil), rapid.Just[any](true), rapid.Just[any](45413.25), rapid.Just[any](-7),
					rapid.Map(rapid.StringOfN(rapid.SampledFrom([]rune("aé<&>\"'_x000D\n\r\t ;☃")), 1, 12, -1), func(s string) any { return s })).Draw(rt, "value")
				if err := book.SetCellValue("Sheet1", cellName(c+1, r+1), value); err != nil {
					rt.Fatal(err)
				}
			}
		}
		var content bytes.Buffer
		if err := book.Write(&content); err != nil {
			rt.Fatal(err)
		}
		other, err := excelize.OpenReader(bytes.NewReader(content.Bytes()))
		if err != nil {
			rt.Fatal(err)
		}
		rows, err := other.GetRows("Sheet1", excelize.Options{RawCellValue: true})
		if err != nil {
			rt.Fatal(err)
		}
		var want, got Sheet
		for i, cells := range rows {
			if err := want.add(i+1, row{no: i + 1, cells: cells}); err != nil {
				rt.Fatal(err)
			}
		}
		if err := got.readWorkbook(context.Background(), content.Bytes()); err != nil {
			rt.Fatal(err)
		}
		if fmt.Sprintf("%q %v", got.Headings, got.Lines) != fmt.Sprintf("%q %v", want.Headings, want.Lines) {
			rt.Errorf("read as %q %v, by another %q %v", got.Headings, got.Lines, want.Headings, want.Lines)
		}
	})
}
