package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"pursuit/sim/harness"
)

// sqlExport reads the attempts of an organisation's services, whose floor is that and a
// bare writer of the format.
const sqlExport = `SELECT a.id, a.seq, a.service_id, a.service_id, a.channel, a.outcome, a.occurred_at, a.known_contact_id, a.duration_minutes, a.note,
	a.latitude, a.longitude, a.worker_id, a.occurred_at_device, a.recorded_at, a.received_at, a.late, a.clock_suspect, a.policy_exception
	FROM contact_attempts a JOIN services v ON v.program_no = a.program_no AND v.id = a.service_id
	WHERE a.program_no = 1 AND v.org_id = '%s' ORDER BY a.seq`

const (
	exportHeads   = 1 // lines of a CSV beside its rows
	workbookHeads = 4 // rows of a sheet beside its own: title, subtitle, headings and a note
)

func readLines(answer harness.Answer) (figures, error) {
	lines := csv.NewReader(bytes.NewReader(answer.Body))
	lines.ReuseRecord = true
	n := -exportHeads
	for {
		if _, err := lines.Read(); err == io.EOF {
			return figures{"rows": float64(n)}, nil
		} else if err != nil {
			return nil, err
		}
		n++
	}
}

// readWorkbook counts the rows of the first sheet.
func readWorkbook(answer harness.Answer) (figures, error) {
	book, err := zip.NewReader(bytes.NewReader(answer.Body), int64(len(answer.Body)))
	if err != nil {
		return nil, err
	}
	sheet, err := book.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	defer func() { _ = sheet.Close() }() // only read
	text, err := io.ReadAll(sheet)
	return figures{"rows": float64(bytes.Count(text, []byte("<row ")) - workbookHeads)}, err
}

// exported hands the floor's rows to a writer and counts them.
func (r *reporting) exported(ctx context.Context, put func(n int, line []string) error) (figures, error) {
	found, err := r.lines(ctx, fmt.Sprintf(sqlExport, r.past.orgs[0]))
	for n, line := range found {
		if err := put(n, line); err != nil {
			return nil, err
		}
	}
	return figures{"rows": float64(len(found))}, err
}

func (r *reporting) floorCSV(ctx context.Context) (figures, error) {
	out := csv.NewWriter(io.Discard)
	defer out.Flush()
	return r.exported(ctx, func(_ int, line []string) error { return out.Write(line) })
}

func (r *reporting) floorWorkbook(ctx context.Context) (figures, error) {
	book := excelize.NewFile()
	defer book.Close()
	sheet, err := book.NewStreamWriter(book.GetSheetName(0))
	if err != nil {
		return nil, err
	}
	out, err := r.exported(ctx, func(n int, line []string) error {
		cells := make([]any, len(line))
		for i := range line {
			cells[i] = line[i]
		}
		return sheet.SetRow(fmt.Sprint("A", n+1), cells)
	})
	if err != nil {
		return nil, err
	}
	if err := sheet.Flush(); err != nil {
		return nil, err
	}
	return out, book.Write(io.Discard)
}
