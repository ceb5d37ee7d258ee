package store

import (
	"cmp"
	"fmt"
	"slices"

	"pursuit/models"
)

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
// asOf bounds what status events say. Rows deleted since are among them, and those that
// counted and were dated out of the scope since, as long as their former versions are kept.
func (r *Reading) Late(c SummaryScope, asOf string, after int64) ([]LateRow, error) {
	var out []LateRow
	for _, list := range []func(SummaryScope, string, int64) ([]LateRow, error){r.lateDated, r.lateServices, r.lateMoved, r.lateEvents, r.lateDeletions} {
		rows, err := list(c, asOf, after)
		if err != nil {
			return nil, fmt.Errorf("list what came late: %w", err)
		}
		out = append(out, rows...)
	}
	slices.SortFunc(out, func(a, b LateRow) int { return cmp.Compare(a.Seq, b.Seq) })
	return out[:min(len(out), lateMost)], nil
}

// datedTable is a table whose rows count by a date of their own.
type datedTable struct{ table, date, counts string }

func datedTables() []datedTable {
	return []datedTable{{"referrals", "referred_on", orgRefers}, {"assessments", "shooting_review_on", orgHolds}, {"program_events", "on", orgHolds}}
}

func (r *Reading) lateDated(c SummaryScope, _ string, after int64) ([]LateRow, error) {
	var out []LateRow
	for _, t := range datedTables() {
		org, params := c.within(t.counts, c.Program, c.From, c.To, after)
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
