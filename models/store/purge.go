package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"pursuit/models"
)

// PurgedCount is what a purge leaves of one year: counts as JSON of the reports'.
type PurgedCount struct {
	Org    string // "" = the program
	Year   int
	Counts []byte
}

// PurgedCounts lists what the purges left of a year of an organisation ("" = the program).
func (r *Reading) PurgedCounts(program int32, org string, year int) ([][]byte, error) {
	rows, err := r.query(`SELECT counts FROM purged_counts WHERE program_no = ? AND org_id = ? AND year = ?`, program, org, year)
	if err != nil {
		return nil, fmt.Errorf("list purged counts: %w", err)
	}
	defer rows.Close()
	var out [][]byte
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read purged counts: %w", err)
		}
		out = append(out, text)
	}
	return out, rows.Err()
}

// OrgIDs lists the organisations of a program.
func (r *Reading) OrgIDs(program int32) ([]string, error) {
	rows, err := r.query(`SELECT id FROM orgs WHERE program_no = ? ORDER BY id`, program)
	if err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	return scanIDs(rows)
}

// Settings reads the values of some settings: of the program under "", of an
// organisation under its id.
func (tx *ProgramTx) Settings(keys ...string) (map[string]map[string]json.RawMessage, error) {
	rows, err := tx.query(`SELECT "key", value, org_id FROM settings WHERE program_no = ?`, tx.Program.No)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	defer rows.Close()
	out := map[string]map[string]json.RawMessage{}
	for rows.Next() {
		var key string
		var value []byte
		var org sql.NullString
		if err := rows.Scan(&key, &value, &org); err != nil {
			return nil, fmt.Errorf("read setting: %w", err)
		}
		if !slices.Contains(keys, key) {
			continue
		}
		if out[org.String] == nil {
			out[org.String] = map[string]json.RawMessage{}
		}
		out[org.String][key] = value
	}
	return out, rows.Err()
}

// ended are the statuses of a service after which nothing more is due.
const ended = `('refused', 'unable_to_place', 'closed')`

// personTables hang on a person and tell when something last happened.
func personTables() []string {
	return []string{"known_contacts", "assessments", "referrals", "action_items", "program_events", "consents"}
}

// Ended lists, by id and after one, the persons with whom nothing happened since a
// moment and none of whose services goes on, those left out whom one of the
// organisations of except holds. With held, only those whom one of these holds.
func (tx *ProgramTx) Ended(since time.Time, held, except []string, after string, limit int) ([]string, error) {
	ms := since.UnixMilli()
	query := `SELECT p.id FROM people p WHERE p.program_no = ? AND p.id > ? AND p.updated_at < ?
		AND NOT EXISTS (SELECT 1 FROM services v WHERE v.program_no = p.program_no AND v.person_id = p.id
			AND (v.status NOT IN ` + ended + ` OR v.updated_at >= ? OR EXISTS (SELECT 1 FROM contact_attempts a
				WHERE a.program_no = v.program_no AND a.service_id = v.id AND a.updated_at >= ?)))`
	params := []any{tx.Program.No, rowID(after), ms, ms, ms}
	for _, t := range personTables() {
		query += ` AND NOT EXISTS (SELECT 1 FROM ` + t + ` x WHERE x.program_no = p.program_no AND x.person_id = p.id AND x.updated_at >= ?)`
		params = append(params, ms)
	}
	holds := `EXISTS (SELECT 1 FROM grants g WHERE g.program_no = p.program_no AND g.revoked IS NULL AND ` + tx.s.in("g.principal") + `
		AND (g.bucket = p.id OR g.bucket IN (SELECT v.id FROM services v WHERE v.program_no = p.program_no AND v.person_id = p.id)))`
	query, params = query+` AND NOT `+holds, append(params, tx.s.ids(except))
	if held != nil {
		query, params = query+` AND `+holds, append(params, tx.s.ids(held))
	}
	rows, err := tx.query(query+` ORDER BY p.id LIMIT ?`, append(params, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list ended cases: %w", err)
	}
	return scanIDs(rows)
}

// deletedPerPage is how many deleted persons are looked through at a time.
const deletedPerPage = 500

// Deleted lists, by id and after one, the persons whose row was deleted before a
// moment and none of whose services goes on, those left out whom one of the
// organisations of except holds, and those merged into somebody, with whom they go.
func (tx *ProgramTx) Deleted(since time.Time, except []string, after string, limit int) ([]string, error) {
	var out []string
	for {
		rows, err := tx.query(`SELECT `+rowColumns+` FROM feed f WHERE f.program_no = ? AND f.tbl = ? AND f.deleted AND f.id > ?
			AND NOT EXISTS (SELECT 1 FROM services v WHERE v.program_no = f.program_no AND v.person_id = f.id AND v.status NOT IN `+ended+`)
			AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.program_no = f.program_no AND g.bucket = f.id AND g.revoked IS NULL AND `+tx.s.in("g.principal")+`)
			AND NOT EXISTS (SELECT 1 FROM people_merges m WHERE m.program_no = f.program_no AND m.merged = f.id)
			ORDER BY f.id LIMIT ?`, tx.Program.No, models.Tables.Table("people").No, rowID(after), tx.s.ids(except), deletedPerPage)
		if err != nil {
			return nil, fmt.Errorf("list deleted persons: %w", err)
		}
		page, err := scanRows(rows)
		if err != nil {
			return nil, err
		}
		for _, row := range page {
			if row.Text("updated_at") < models.FormatTime(since) { // one form: text sorts like time
				out = append(out, row.ID)
			}
			if len(out) == limit {
				return out, nil
			}
		}
		if len(page) < deletedPerPage {
			return out, nil
		}
		after = page[len(page)-1].ID
	}
}

// Purge is what is erased at a time.
type Purge struct {
	ID      string
	Before  time.Time
	Persons []string
	Left    []PurgedCount
}

// Erase removes persons for good: every row of their buckets with its versions, what
// is remembered of mutations that speak of these rows, and what waits for them. Whoever held
// them is told to drop them. The counts of p.Left stay, and those of rows by table.
func (tx *ProgramTx) Erase(p Purge) (map[string]int, error) {
	buckets, err := tx.bucketsOf(p.Persons)
	if err != nil {
		return nil, err
	}
	rows, counts, err := tx.erasable(buckets)
	if err != nil {
		return nil, err
	}
	if err := tx.revokeAll(buckets); err != nil {
		return nil, err
	}
	if err := tx.forgetMutations(rows, buckets); err != nil {
		return nil, err
	}
	if err := tx.eraseRows(rows, buckets); err != nil {
		return nil, err
	}
	return counts, tx.keepCounts(p, counts)
}

// Erasable counts the rows that Erase would remove, by table.
func (tx *ProgramTx) Erasable(persons []string) (map[string]int, error) {
	buckets, err := tx.bucketsOf(persons)
	if err != nil {
		return nil, err
	}
	_, counts, err := tx.erasable(buckets)
	return counts, err
}

// bucketsOf gives the buckets of persons, of those merged into them, of every service
// they ever had (a grant of the person names each) and of what stands for itself but
// speaks of those.
func (tx *ProgramTx) bucketsOf(persons []string) ([]string, error) {
	merged, err := tx.MergedPersons(persons)
	if err != nil {
		return nil, err
	}
	buckets := slices.Concat(persons, merged)
	grants, err := tx.Grants(buckets)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		if service, ok := strings.CutPrefix(g.Source, models.SourceService); ok && !slices.Contains(buckets, service) {
			buckets = append(buckets, service)
		}
	}
	for _, person := range slices.Concat(persons, merged) { // a grant that was swept names none
		services, err := tx.ServicesOf(person)
		if err != nil {
			return nil, err
		}
		for _, id := range services {
			if !slices.Contains(buckets, id) {
				buckets = append(buckets, id)
			}
		}
	}
	lone, err := tx.speakingOf(buckets)
	return append(buckets, lone...), err
}

// erasable lists the rows of buckets, deleted ones included, and counts them by table.
func (tx *ProgramTx) erasable(buckets []string) (map[*models.Table][]string, map[string]int, error) {
	rows, err := tx.query(`SELECT tbl, id FROM feed WHERE program_no = ? AND `+tx.s.in("bucket"), tx.Program.No, tx.s.ids(buckets))
	if err != nil {
		return nil, nil, fmt.Errorf("list what to erase: %w", err)
	}
	defer rows.Close()
	out, counts := map[*models.Table][]string{}, map[string]int{}
	for rows.Next() {
		var no int
		var id string
		if err := rows.Scan(&no, &id); err != nil {
			return nil, nil, fmt.Errorf("read what to erase: %w", err)
		}
		if t := models.Tables.TableNo(no); t != nil {
			out[t] = append(out[t], id)
			counts[t.Name]++
		}
	}
	return out, counts, rows.Err()
}

// revokeAll ends every grant of the buckets, so that devices drop them.
func (tx *ProgramTx) revokeAll(buckets []string) error {
	grants, err := tx.Grants(buckets)
	if err != nil {
		return err
	}
	for _, g := range grants {
		if !g.Live() {
			continue
		}
		g.Revoked, g.RevokedAt = tx.Next(), tx.Now
		if err := tx.SaveGrant(g); err != nil {
			return err
		}
	}
	return nil
}

func (tx *ProgramTx) eraseRows(rows map[*models.Table][]string, buckets []string) error {
	var all []string
	for t, ids := range rows {
		all = append(all, ids...)
		if !t.Typed {
			continue
		}
		if err := tx.removeTyped(tx.s.typed(t), ids); err != nil {
			return fmt.Errorf("erase %s: %w", t.Name, err)
		}
	}
	list := tx.s.ids(all)
	for _, step := range []struct {
		statement string
		params    []any
	}{
		{`DELETE FROM versions WHERE program_no = ? AND ` + tx.s.in("id"), []any{tx.Program.No, list}},
		{`UPDATE mutations SET result = NULL, body = NULL WHERE program_no = ? AND ` + tx.s.in("row_id"), []any{tx.Program.No, list}},
		{`DELETE FROM deferred WHERE program_no = ? AND (` + tx.s.in("wants") + ` OR ` + tx.s.in("row_id") + `)`, []any{tx.Program.No, list, list}},
		{`DELETE FROM pushes WHERE program_no = ? AND ` + tx.s.in("id"), []any{tx.Program.No, list}},
		{`DELETE FROM people_merges WHERE program_no = ? AND ` + tx.s.in("kept"), []any{tx.Program.No, tx.s.ids(buckets)}},
		{`DELETE FROM reminder_notes WHERE program_no = ? AND ` + tx.s.in("service_id"), []any{tx.Program.No, tx.s.ids(buckets)}},
		{`DELETE FROM reminder_clock WHERE program_no = ? AND ` + tx.s.in("service_id"), []any{tx.Program.No, tx.s.ids(buckets)}},
		{`DELETE FROM feed WHERE program_no = ? AND ` + tx.s.in("bucket"), []any{tx.Program.No, tx.s.ids(buckets)}},
	} {
		if _, err := tx.exec(step.statement, step.params...); err != nil {
			return fmt.Errorf("erase rows: %w", err)
		}
	}
	return nil
}

// keepCounts records a purge and what it leaves.
func (tx *ProgramTx) keepCounts(p Purge, counts map[string]int) error {
	text, err := json.Marshal(counts)
	if err != nil {
		return fmt.Errorf("write counts: %w", err)
	}
	_, err = tx.exec(`INSERT INTO purges (program_no, id, made_at, before, counts) VALUES (?, ?, ?, ?, ?)`,
		tx.Program.No, p.ID, tx.Now.UnixMilli(), models.FormatTime(p.Before), string(text))
	if err != nil {
		return fmt.Errorf("record purge: %w", err)
	}
	for _, c := range p.Left {
		_, err := tx.exec(`INSERT INTO purged_counts (program_no, purge_id, org_id, year, counts) VALUES (?, ?, ?, ?, ?)`,
			tx.Program.No, p.ID, c.Org, c.Year, string(c.Counts))
		if err != nil {
			return fmt.Errorf("keep counts: %w", err)
		}
	}
	return nil
}
