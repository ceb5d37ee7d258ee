package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pursuit/models"
)

// PersonsCalled lists the ids of the persons with an id or a code of whom something is
// kept, at most limit: live ones, and those whose own row was deleted. An id or a code
// from before a merge leads to the person they are now.
func (tx *ProgramTx) PersonsCalled(idOrCode string, limit int) ([]string, error) {
	rows, err := tx.query(`SELECT id FROM people WHERE program_no = ? AND (id = ? OR code = ?) UNION
		SELECT kept FROM people_merges WHERE program_no = ? AND (merged = ? OR code = ?) ORDER BY 1 LIMIT ?`,
		tx.Program.No, rowID(idOrCode), idOrCode, tx.Program.No, rowID(idOrCode), idOrCode, limit)
	if err != nil {
		return nil, fmt.Errorf("find person: %w", err)
	}
	out, err := scanIDs(rows)
	if err != nil {
		return nil, err
	}
	if models.ValidID(idOrCode) {
		if len(out) == 0 {
			out = []string{idOrCode}
		}
		return tx.kept(out)
	}
	deleted, err := tx.deletedCalled(idOrCode, limit)
	if err != nil {
		return nil, err
	}
	for _, id := range deleted {
		if len(out) < limit && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return tx.kept(out)
}

// deletedCalled lists the persons with a code, then or before, whose row was deleted and
// who were not merged into somebody.
func (tx *ProgramTx) deletedCalled(code string, limit int) (out []string, err error) {
	after := ""
	for len(out) < limit {
		rows, err := tx.query(`SELECT `+rowColumns+` FROM feed f WHERE f.program_no = ? AND f.tbl = ? AND f.deleted AND f.id > ?
			AND NOT EXISTS (SELECT 1 FROM people_merges m WHERE m.program_no = f.program_no AND m.merged = f.id)
			ORDER BY f.id LIMIT ?`, tx.Program.No, models.Tables.Table("people").No, rowID(after), deletedPerPage)
		if err != nil {
			return nil, fmt.Errorf("find deleted person: %w", err)
		}
		page, err := scanRows(rows)
		if err != nil {
			return nil, err
		}
		for _, row := range page {
			if row.Text("code") == code || slices.Contains(models.Texts(row.Get("codes")), code) {
				out = append(out, row.ID)
			}
		}
		if len(page) < deletedPerPage {
			break
		}
		after = page[len(page)-1].ID
	}
	return out, nil
}

// kept leaves out of some ids those that are nobody's of whom anything is kept.
func (tx *ProgramTx) kept(ids []string) (out []string, err error) {
	people := models.Tables.Table("people").No
	var tables []string
	for _, t := range models.Tables.Tables {
		if t.Root == "person_id" {
			tables = append(tables, strconv.Itoa(t.No))
		}
	}
	query := `SELECT count(*) FROM (SELECT 1 FROM feed WHERE program_no = ? AND id = ? AND tbl = ? UNION ALL
		SELECT 1 FROM feed WHERE program_no = ? AND bucket = ? AND tbl IN (` + strings.Join(tables, ", ") + `) UNION ALL
		SELECT 1 FROM services WHERE program_no = ? AND person_id = ?) AS kept`
	for _, id := range ids {
		n, no := 0, tx.Program.No
		if err := tx.row(query, no, id, people, no, id, no, id).Scan(&n); err != nil {
			return nil, fmt.Errorf("look what is kept: %w", err)
		}
		if n > 0 {
			out = append(out, id)
		}
	}
	return out, nil
}

// Merges tells of those of some ids who became somebody else by a merge, by that id.
func (tx *ProgramTx) Merges(ids []string) (map[string]PersonMerge, error) {
	rows, err := tx.query(`SELECT merged, kept, code, seq, mutation_id, made_by FROM people_merges WHERE program_no = ? AND `+tx.s.in("merged"),
		tx.Program.No, tx.s.ids(ids))
	if err != nil {
		return nil, fmt.Errorf("look up merged persons: %w", err)
	}
	defer rows.Close()
	out := map[string]PersonMerge{}
	for rows.Next() {
		var m PersonMerge
		if err := rows.Scan(&m.Merged, &m.Kept, &m.Code, &m.Seq, &m.Mutation, &m.By); err != nil {
			return nil, fmt.Errorf("read merged person: %w", err)
		}
		out[m.Merged] = m
	}
	return out, rows.Err()
}

// Record gives everything that is kept of a person: the rows of their bucket, of
// their services' and what speaks of these, in the order of the sequence, deleted
// ones included, and every grant of them, ended ones included.
func (tx *ProgramTx) Record(person string) ([]*models.Row, []models.Grant, error) {
	buckets, err := tx.bucketsOf([]string{person})
	if err != nil {
		return nil, nil, err
	}
	rows, err := tx.query(`SELECT `+rowColumns+` FROM feed WHERE program_no = ? AND `+tx.s.in("bucket")+` ORDER BY seq`,
		tx.Program.No, tx.s.ids(buckets))
	if err != nil {
		return nil, nil, fmt.Errorf("read record: %w", err)
	}
	list, err := scanRows(rows)
	if err != nil {
		return nil, nil, err
	}
	grants, err := tx.Grants(buckets)
	return list, grants, err
}

// Former lists the former versions that are kept of some rows, oldest first.
func (tx *ProgramTx) Former(of []*models.Row) ([]*models.Row, error) {
	ids := make([]string, len(of))
	for i, row := range of {
		ids[i] = row.ID
	}
	rows, err := tx.query(`SELECT tbl, id, seq, doc FROM versions WHERE program_no = ? AND `+tx.s.in("id")+` ORDER BY seq`,
		tx.Program.No, tx.s.ids(ids))
	if err != nil {
		return nil, fmt.Errorf("read former versions: %w", err)
	}
	defer rows.Close()
	var out []*models.Row
	for rows.Next() {
		var no int
		var id string
		var seq int64
		var doc []byte
		if err := rows.Scan(&no, &id, &seq, &doc); err != nil {
			return nil, fmt.Errorf("read former version: %w", err)
		}
		t := models.Tables.TableNo(no)
		if t == nil {
			continue
		}
		row := models.NewRow(t, id)
		if row.V = seq; row.ReadDoc(doc) != nil {
			return nil, fmt.Errorf("former version %d is damaged", seq)
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// PrincipalNames gives the names of organisations and users by id.
func (tx *ProgramTx) PrincipalNames() (map[string]string, error) {
	rows, err := tx.query(`SELECT id, name FROM orgs WHERE program_no = ? UNION ALL SELECT id, name FROM users WHERE program_no = ?`,
		tx.Program.No, tx.Program.No)
	if err != nil {
		return nil, fmt.Errorf("list principals: %w", err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("read principal: %w", err)
		}
		out[id] = name
	}
	return out, rows.Err()
}
