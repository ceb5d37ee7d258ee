package store

import (
	"fmt"
	"slices"
	"strings"

	"pursuit/models"
)

// What a row x was at a sequence number, and whose it was. An organisation that does not
// hold a person any more hears of what changed while it did, and of nothing after.
const (
	asThen = ` versions o ON o.program_no = x.program_no AND o.id = x.id AND o.tbl = ? AND o.seq = (SELECT max(l.seq) FROM versions l
		WHERE l.program_no = x.program_no AND l.id = x.id AND l.tbl = ? AND l.seq <= ?)`
	orgHeldThen = `EXISTS (SELECT 1 FROM grants g WHERE g.program_no = x.program_no AND g.bucket = x.person_id
		AND g.principal = ? AND g.granted <= ? AND (g.revoked IS NULL OR g.revoked > ?))`
	orgHeldSince = `EXISTS (SELECT 1 FROM grants g WHERE g.program_no = x.program_no AND g.bucket = x.person_id
		AND g.principal = ? AND (g.revoked IS NULL OR g.revoked >= x.seq))`
	orgServes = `EXISTS (SELECT 1 FROM services v WHERE v.program_no = x.program_no AND v.referral_id = x.id AND v.org_id = ?)`
	unserved  = `NOT EXISTS (SELECT 1 FROM services v WHERE v.program_no = x.program_no AND v.referral_id = x.id)`
)

// lateMoved lists live rows that counted and are dated out of the scope since. It looks
// at the rows of three tables that changed since: fewer than the summary itself reads.
func (r *Reading) lateMoved(c SummaryScope, _ string, after int64) ([]LateRow, error) {
	var out []LateRow
	for _, d := range datedTables() {
		t, date := models.Tables.Table(d.table), `x.`+column(d.date)
		query := `SELECT x.id, x.seq, o.doc FROM ` + d.table + ` x JOIN` + asThen + ` WHERE x.program_no = ? AND x.seq > ?
			AND (` + date + ` IS NULL OR ` + date + ` < ? OR ` + date + ` > ?)`
		params := []any{t.No, t.No, after, c.Program, after, c.From, c.To}
		if c.Org != "" {
			counted := orgHeldThen + ` AND ` + orgHeldSince
			if d.table == "referrals" {
				counted = `(` + orgServes + ` OR ` + unserved + ` AND ` + counted + `)`
				params = append(params, c.Org)
			}
			query, params = query+` AND `+counted, append(params, c.Org, after, after, c.Org)
		}
		rows, err := r.lateBefore(t, func(then *models.Row) bool { return c.dates(then.Text(d.date)) }, query, params...)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// lateEvents lists status events of the scope's services that are dated after asOf since.
func (r *Reading) lateEvents(c SummaryScope, asOf string, after int64) ([]LateRow, error) {
	where, params := c.services()
	t := models.Tables.Table("status_events")
	query := `SELECT x.id, x.seq, o.doc FROM status_events x JOIN` + asThen + ` WHERE x.program_no = ? AND x.seq > ? AND x."on" > ?
		AND x.service_id IN (SELECT v.id` + where + `)`
	return r.lateBefore(t, func(then *models.Row) bool { on := then.Text("on"); return on != "" && on <= asOf },
		query, append([]any{t.No, t.No, after, c.Program, after, asOf}, params...)...)
}

// dates tells whether a date is one of the scope's.
func (c SummaryScope) dates(on string) bool { return on >= c.From && on <= c.To }

// lateBefore lists the rows of a query for id, seq and former document that counted as
// they were.
func (r *Reading) lateBefore(t *models.Table, counted func(*models.Row) bool, query string, params ...any) ([]LateRow, error) {
	rows, err := r.query(query+` ORDER BY x.seq`, params...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []LateRow
	for len(out) < lateMost && rows.Next() {
		late := LateRow{Table: t.Name}
		var doc []byte
		if err := rows.Scan(&late.ID, &late.Seq, &doc); err != nil {
			return nil, err
		}
		then := models.NewRow(t, late.ID)
		if err := then.ReadDoc(doc); err != nil {
			return nil, err
		}
		if counted(then) {
			out = append(out, late)
		}
	}
	return out, rows.Err()
}

// goneRow is a row deleted since: with its last values, with those of then, and whether
// it is the asking organisation's, or would be unless it was another's service's.
type goneRow struct {
	*models.Row
	then         *models.Row // nil = there was none, or it is not known any more
	ours, orElse bool
}

// lateDeletions lists rows deleted since that counted, or would have before they went.
// What they were about is read from the values that they keep. A referral is its
// services' organisations', those included whose service was deleted too.
func (r *Reading) lateDeletions(c SummaryScope, _ string, after int64) ([]LateRow, error) {
	var out []LateRow
	services, err := r.gone("services", `TRUE, FALSE`, nil, c.Program, after)
	if err != nil {
		return nil, err
	}
	served := map[string][]string{} // organisations, by referral
	for _, s := range services {
		referral, org := s.Text("referral_id"), s.Text("org_id")
		served[referral] = append(served[referral], org)
		if c.Org == "" || org == c.Org {
			out = append(out, LateRow{Table: "services", ID: s.ID, Seq: s.V})
		}
	}
	for _, d := range datedTables() {
		ours, params := c.ours(d.table)
		rows, err := r.gone(d.table, ours, params, c.Program, after)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			orgs := served[row.ID]
			ours := row.ours || slices.Contains(orgs, c.Org) || row.orElse && len(orgs) == 0
			if ours && (c.dates(row.Text(d.date)) || row.then != nil && c.dates(row.then.Text(d.date))) {
				out = append(out, LateRow{Table: d.table, ID: row.ID, Seq: row.V})
			}
		}
	}
	return out, nil
}

// ours are the two conditions of goneRow for a table's rows x.
func (c SummaryScope) ours(table string) (string, []any) {
	switch {
	case c.Org == "":
		return `TRUE, FALSE`, nil
	case table == "referrals":
		return orgServes + `, ` + unserved + ` AND ` + orgHeldSince, []any{c.Org, c.Org}
	}
	return orgHeldSince + `, FALSE`, []any{c.Org}
}

// gone lists a table's rows deleted since, the earliest first, at most lateMost.
func (r *Reading) gone(table, ours string, params []any, program int32, after int64) ([]goneRow, error) {
	t := models.Tables.Table(table)
	ours = strings.ReplaceAll(ours, "x.person_id", "x.bucket")
	rows, err := r.query(`SELECT x.id, x.seq, x.doc, o.doc, `+ours+` FROM feed x LEFT JOIN`+asThen+`
		WHERE x.program_no = ? AND x.tbl = ? AND x.seq > ? AND x.deleted ORDER BY x.seq LIMIT ?`,
		append(params, t.No, t.No, after, program, t.No, after, lateMost)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []goneRow
	for rows.Next() {
		row := goneRow{Row: models.NewRow(t, "")}
		var last, then []byte
		if err := rows.Scan(&row.ID, &row.V, &last, &then, &row.ours, &row.orElse); err != nil {
			return nil, err
		}
		if err := row.ReadDoc(last); err != nil {
			return nil, fmt.Errorf("read deleted row: %w", err)
		}
		if then != nil {
			row.then = models.NewRow(t, row.ID)
			if err := row.then.ReadDoc(then); err != nil {
				return nil, fmt.Errorf("read former version: %w", err)
			}
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
