package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"path"
	"strings"
)

const (
	// maxUnzipped is what is unzipped of a workbook. The largest list has about 100 MiB;
	// beyond, it was made to fill time or memory.
	maxUnzipped = 256 << 20
	maxParts    = 10_000 // files in a workbook; a large one has some hundred
	bookPath    = "xl/workbook.xml"
	partMark    = "PK\x01\x02" // stands before each file of a zip's directory
)

var (
	errBook  = errors.New("the list is not a workbook that can be read")
	errSheet = errors.New("the first sheet of the workbook cannot be read")
	errUnzip = fmt.Errorf("the workbook unzips to more than %d MiB", maxUnzipped>>20)
)

// book is a workbook that is read as a stream: it costs time by its size, and memory by
// what is kept of it alone.
type book struct {
	ctx   context.Context      // of the reading, which a workbook does not outlive
	files map[string]*zip.File // by lower-case name
	left  int64                // bytes that may yet be unzipped
	words []string             // the shared strings
	sheet *Sheet
}

// readWorkbook reads the first sheet that is not hidden, and whether the workbook counts
// its days from 1904 (as those of old Macintoshes do). It is read here, and not by a
// library that holds whole workbooks, so that neither time nor memory grows beyond what
// is kept of it.
func (s *Sheet) readWorkbook(ctx context.Context, content []byte) error {
	return s.unzip(ctx, content, maxUnzipped)
}

// unzip is readWorkbook with a limit to what is unzipped, in bytes.
func (s *Sheet) unzip(ctx context.Context, content []byte, most int64) error {
	if bytes.Count(content, []byte(partMark)) > maxParts {
		return errBook
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return errBook
	}
	b := &book{ctx: ctx, files: map[string]*zip.File{}, left: most, sheet: s}
	for _, f := range archive.File {
		b.files[strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))] = f
	}
	main := bookPath
	if list, err := b.relations("_rels/.rels"); err == nil {
		for _, r := range list {
			if r.is("officeDocument") {
				main = r.target("")
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	list, err := b.relations(path.Join(path.Dir(main), "_rels", path.Base(main)+".rels"))
	if err != nil {
		return err
	}
	shown, err := b.shown(main, list)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.is("sharedStrings") {
			if err := b.sharedStrings(r.target(main)); err != nil {
				return err
			}
		}
	}
	return b.rows(shown)
}

// shown finds the first sheet that is not hidden, and how days are counted.
func (b *book) shown(main string, list []relation) (string, error) {
	sheets := map[string]string{}
	for _, r := range list {
		if r.is("worksheet") {
			sheets[r.ID] = r.target(main)
		}
	}
	var first, shown string
	err := b.part(main, func(d *xml.Decoder) error {
		return elements(d, func(e xml.StartElement) error {
			switch e.Name.Local {
			case "workbookPr":
				date1904 := attribute(e, "date1904")
				b.sheet.from1904 = date1904 == "1" || date1904 == "true"
			case "sheet":
				file := sheets[attribute(e, "id")]
				if first == "" {
					first = file
				}
				if state := attribute(e, "state"); shown == "" && (state == "" || state == "visible") {
					shown = file
				}
			}
			return nil
		})
	})
	if shown == "" {
		shown = first
	}
	if err == nil && shown == "" {
		err = errBook
	}
	return shown, err
}

// relation says where a part of a workbook finds another.
type relation struct{ ID, Type, Target string }

// is tells the kind, which Microsoft's and ISO's names end with alike.
func (r relation) is(kind string) bool { return strings.HasSuffix(r.Type, "/"+kind) }

// target is the name of the part that a relation of another leads to.
func (r relation) target(from string) string {
	name := strings.ReplaceAll(r.Target, `\`, "/")
	if absolute, ok := strings.CutPrefix(name, "/"); ok {
		return path.Clean(absolute)
	}
	return path.Join(path.Dir(from), name)
}

func (b *book) relations(name string) (list []relation, err error) {
	err = b.part(name, func(d *xml.Decoder) error {
		return elements(d, func(e xml.StartElement) error {
			if e.Name.Local == "Relationship" && len(list) < maxParts {
				list = append(list, relation{ID: attribute(e, "Id"), Type: attribute(e, "Type"), Target: attribute(e, "Target")})
			}
			return nil
		})
	})
	return list, err
}

// elements visits every element of a part as it begins.
func elements(d *xml.Decoder, visit func(xml.StartElement) error) error {
	return tokens(d, visit, func([]byte) error { return nil }, func(string) error { return nil })
}

// attribute is an element's value of a name, in whatever namespace: parts of workbooks
// have no two that differ in nothing else.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// part reads one part of the workbook. Elements are taken one by one and never matched
// into a tree: a tree is what a file made to fill the memory would be.
func (b *book) part(name string, read func(*xml.Decoder) error) error {
	file := b.files[strings.ToLower(name)]
	if file == nil {
		return errBook
	}
	content, err := file.Open()
	if err != nil {
		return errBook
	}
	defer content.Close()
	from := &guard{ctx: b.ctx, from: content, left: &b.left}
	err = read(xml.NewDecoder(from))
	switch told := (*refusal)(nil); {
	case from.fault != nil:
		return from.fault
	case err == nil || errors.As(err, &told):
		return err
	}
	return errBook
}
