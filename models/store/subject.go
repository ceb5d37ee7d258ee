package store

import (
	"fmt"

	"pursuit/models"
)

// PersonsCalled lists the ids of the live persons with an id or a code, be it one that
// they had before they were merged, at most limit.
func (tx *ProgramTx) PersonsCalled(idOrCode string, limit int) ([]string, error) {
	rows, err := tx.query(`SELECT id FROM people WHERE program_no = ? AND (id = ? OR code = ?
		OR id IN (SELECT m.kept FROM people_merges m WHERE m.program_no = ? AND (m.merged = ? OR m.code = ?))) ORDER BY id LIMIT ?`,
		tx.Program.No, rowID(idOrCode), idOrCode, tx.Program.No, rowID(idOrCode), idOrCode, limit)
	if err != nil {
		return nil, fmt.Errorf("find person: %w", err)
	}
	return scanIDs(rows)
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
