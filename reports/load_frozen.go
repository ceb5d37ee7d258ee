package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// Late is a row that changed after a summary was frozen and would have counted.
type Late struct {
	Table string `json:"table"`
	ID    string `json:"id"`
	Seq   int64  `json:"seq"`
}

// Frozen is a summary kept to the byte.
type Frozen struct {
	ID      string
	Year    int
	AsOf    Date
	Summary json.RawMessage // {year, as_of, rows, totals, checks, notices}
	CSV     []byte
	XLSX    []byte
	At      time.Time
	Late    []Late
}

// Freeze keeps a summary with its files and answers its id. For directors (of the
// program) and supervisors (of their organisation).
func (l *Loader) Freeze(ctx context.Context, who models.Actor, year int, asOf Date) (string, error) {
	if who.Role == models.RoleReferralPartner {
		return "", forbidden()
	}
	s, seq, err := l.summaryAt(ctx, who, year, asOf)
	if err != nil {
		return "", err
	}
	org, err := summaryScope(who)
	if err != nil {
		return "", err
	}
	f := store.FrozenSummary{Program: who.Program, ID: models.NewID(), Org: org, Year: year, AsOf: s.AsOf.String(), Seq: seq, By: who.UserID}
	if f.Summary, err = json.Marshal(s); err != nil {
		return "", fmt.Errorf("write summary: %w", err)
	}
	var sheet, book bytes.Buffer
	if err := WriteCSV(&sheet, SummaryTable(s)); err != nil {
		return "", err
	}
	tables, err := SummaryBook(s)
	if err != nil {
		return "", err
	}
	if err := WriteXLSX(&book, tables...); err != nil {
		return "", err
	}
	f.CSV, f.XLSX = sheet.Bytes(), book.Bytes()
	return f.ID, l.store.Freeze(ctx, f)
}

// Frozen answers a frozen summary and what came late for it. One that does not
// exist, or is another's, is not_found.
func (l *Loader) Frozen(ctx context.Context, who models.Actor, id string) (Frozen, error) {
	org, err := summaryScope(who)
	if err != nil {
		return Frozen{}, err
	}
	if who.Role == models.RoleReferralPartner {
		return Frozen{}, models.NotFound()
	}
	out := Frozen{ID: id, Late: []Late{}}
	err = l.snapshot(ctx, func(r *store.Reading) error {
		f, err := r.Frozen(who.Program, org, id)
		if err != nil {
			return err
		}
		out.Summary, out.CSV, out.XLSX, out.At = f.Summary, f.CSV, f.XLSX, f.At
		asOf, err := storedDate(f.AsOf, "frozen_summaries", id)
		if err != nil {
			return err
		}
		out.Year, out.AsOf = f.Year, asOf
		late, err := r.Late(store.SummaryScope{Program: who.Program, Org: org, From: NewDate(f.Year, time.January, 1).String(),
			To: earlier(asOf, NewDate(f.Year, time.December, 31)).String()}, f.AsOf, f.Seq)
		for _, row := range late {
			out.Late = append(out.Late, Late(row))
		}
		return err
	})
	return out, err
}
