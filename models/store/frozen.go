package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"pursuit/models"
)

// FrozenSummary is a summary kept to the byte, with the files made of it.
type FrozenSummary struct {
	Program int32
	ID      string
	Org     string // whose summary it is; "" = the program's
	Year    int
	AsOf    string // YYYY-MM-DD
	Seq     int64  // of the snapshot it was rebuilt from
	By      string // user id
	At      time.Time
	Summary []byte // JSON object
	CSV     []byte
	XLSX    []byte
}

// Freeze keeps a summary. It is never changed.
func (s *Store) Freeze(ctx context.Context, f FrozenSummary) error {
	return InTx(ctx, s, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO frozen_summaries (program_no, id, org_id, year, as_of, seq, made_by, made_at, summary, csv, xlsx)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, f.Program, f.ID, sql.NullString{String: f.Org, Valid: f.Org != ""},
			f.Year, f.AsOf, f.Seq, f.By, tx.Now.UnixMilli(), string(f.Summary), f.CSV, f.XLSX)
		if err != nil {
			return fmt.Errorf("freeze summary: %w", err)
		}
		return nil
	})
}

// Frozen reads a frozen summary of an organisation ("" = the program's); not_found
// when there is none of that id and organisation.
func (r *Reading) Frozen(program int32, org, id string) (FrozenSummary, error) {
	f := FrozenSummary{Program: program, ID: id, Org: org}
	var owner sql.NullString
	var at int64
	err := r.row(`SELECT org_id, year, as_of, seq, made_by, made_at, summary, csv, xlsx FROM frozen_summaries
		WHERE program_no = ? AND id = ?`, program, rowID(id)).
		Scan(&owner, &f.Year, &f.AsOf, &f.Seq, &f.By, &at, &f.Summary, &f.CSV, &f.XLSX)
	if errors.Is(err, sql.ErrNoRows) || err == nil && owner.String != org {
		return f, models.NotFound()
	}
	if err != nil {
		return f, fmt.Errorf("read frozen summary: %w", err)
	}
	f.At = fromMillis(at)
	return f, nil
}

// LateRow is a row that changed after a summary was frozen and would have counted.
type LateRow struct {
	Table string
	ID    string
	Seq   int64
}

// lateMost bounds what is listed: when so much came late, the summary is to be made anew.
const lateMost = 10_000

// Late lists the rows of a summary's scope that changed after a sequence number, in
// the order of the sequence: referrals, assessments and program events dated in the
// scope, the status events of its services and services that came late themselves.
// asOf bounds what status events say. Rows deleted since are among them.
func (r *Reading) Late(c SummaryScope, asOf string, after int64) ([]LateRow, error) {
	var out []LateRow
	for _, list := range []func(SummaryScope, string, int64) ([]LateRow, error){r.lateDated, r.lateServices, r.lateDeletions} {
		rows, err := list(c, asOf, after)
		if err != nil {
			return nil, fmt.Errorf("list what came late: %w", err)
		}
		out = append(out, rows...)
	}
	slices.SortFunc(out, func(a, b LateRow) int { return cmp.Compare(a.Seq, b.Seq) })
	return out[:min(len(out), lateMost)], nil
}

func (r *Reading) lateDated(c SummaryScope, _ string, after int64) ([]LateRow, error) {
	var out []LateRow
	for _, t := range []struct{ table, date, condition string }{
		{"referrals", "referred_on", orgRefers}, {"assessments", "shooting_review_on", orgHolds}, {"program_events", "on", orgHolds},
	} {
		org, params := c.within(t.condition, c.Program, c.From, c.To, after)
		rows, err := r.late(t.table, `SELECT x.id, x.seq FROM `+t.table+` x WHERE x.program_no = ? AND x.`+column(t.date)+` >= ?
			AND x.`+column(t.date)+` <= ? AND x.seq > ?`+org, params...)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// lateServices lists status events, and services inserted or put on another track
// since: a service's own row changes with each status, which its events tell better.
func (r *Reading) lateServices(c SummaryScope, asOf string, after int64) ([]LateRow, error) {
	where, params := c.services()
	events, err := r.late("status_events", `SELECT e.id, e.seq FROM status_events e WHERE e.program_no = ? AND e.seq > ? AND e."on" <= ?
		AND e.service_id IN (SELECT v.id`+where+`)`, append([]any{c.Program, after, asOf}, params...)...)
	if err != nil {
		return nil, err
	}
	rows, err := r.query(`SELECT f.id, f.seq, f.meta FROM feed f WHERE f.program_no = ? AND f.tbl = ?
		AND f.id IN (SELECT v.id`+where+` AND v.seq > ?)`,
		append(append([]any{c.Program, models.Tables.Table("services").No}, params...), after)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		late := LateRow{Table: "services"}
		var meta []byte
		if err := rows.Scan(&late.ID, &late.Seq, &meta); err != nil {
			return nil, err
		}
		m, err := models.DecodeMeta(meta)
		if err != nil {
			return nil, err
		}
		if len(m.Writers) > 0 && m.Writers[0].V > after || m.Writer("track").V > after {
			events = append(events, late)
		}
	}
	return events, rows.Err()
}

// lateDeletions lists rows deleted since. What a deleted referral or service was
// about is read from the values it keeps.
func (r *Reading) lateDeletions(c SummaryScope, _ string, after int64) ([]LateRow, error) {
	var out []LateRow
	for table, date := range map[string]string{"referrals": "referred_on", "assessments": "shooting_review_on",
		"program_events": "on", "services": ""} {
		t := models.Tables.Table(table)
		rows, err := r.query(`SELECT `+rowColumns+` FROM feed WHERE program_no = ? AND tbl = ? AND seq > ? AND deleted ORDER BY seq LIMIT ?`,
			c.Program, t.No, after, lateMost)
		if err != nil {
			return nil, err
		}
		gone, err := scanRows(rows)
		if err != nil {
			return nil, err
		}
		for _, row := range gone {
			on := row.Text(date)
			if (date == "" || on >= c.From && on <= c.To) && (c.Org == "" || row.Text("org_id") == c.Org) {
				out = append(out, LateRow{Table: table, ID: row.ID, Seq: row.V})
			}
		}
	}
	return out, nil
}

func scanRows(rows *sql.Rows) ([]*models.Row, error) {
	defer rows.Close()
	var out []*models.Row
	for rows.Next() {
		row, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		if row != nil {
			out = append(out, row)
		}
	}
	return out, rows.Err()
}

func (r *Reading) late(table, query string, params ...any) ([]LateRow, error) {
	rows, err := r.query(query, params...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []LateRow
	for rows.Next() {
		late := LateRow{Table: table}
		if err := rows.Scan(&late.ID, &late.Seq); err != nil {
			return nil, err
		}
		out = append(out, late)
	}
	return out, rows.Err()
}
