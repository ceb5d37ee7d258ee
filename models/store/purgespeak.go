package store

import (
	"encoding/json"
	"fmt"

	"pursuit/models"
)

// chainMost is how many steps away from a person what speaks of them is found: an attempt
// that waits for a service that waits for a referral that waits for the person is three.
const chainMost = 8

// speakingOf finds the rows that are their own bucket and name one of the buckets or
// a row in one: transfers, and what stands in quarantine.
func (tx *ProgramTx) speakingOf(buckets []string) ([]string, error) {
	rows, err := tx.query(`SELECT id FROM feed WHERE program_no = ? AND `+tx.s.in("bucket"), tx.Program.No, tx.s.ids(buckets))
	if err != nil {
		return nil, fmt.Errorf("list rows of buckets: %w", err)
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, id := range append(ids, buckets...) {
		named[id] = true
	}
	var loners []*models.Row
	for _, t := range models.Tables.Tables {
		if t.Bucket != models.BucketSelf {
			continue
		}
		rows, err := tx.query(`SELECT `+rowColumns+` FROM feed WHERE program_no = ? AND tbl = ?`, tx.Program.No, t.No)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", t.Name, err)
		}
		list, err := scanRows(rows)
		if err != nil {
			return nil, err
		}
		loners = append(loners, list...)
	}
	return speaking(loners, named), nil
}

// speaking gives the ids of the rows that name one of some ids. Of a mutation in
// quarantine the row that it was to make is named from then on, for others may hang on it.
func speaking(rows []*models.Row, named map[string]bool) (out []string) {
	found := map[string]bool{}
	for range chainMost {
		before := len(out)
		for _, row := range rows {
			if found[row.ID] || !speaks(row, named) {
				continue
			}
			found[row.ID], out = true, append(out, row.ID)
			if row.Table.Name == "quarantine" {
				named[row.Text("row")] = true
			}
		}
		if len(out) == before {
			break
		}
	}
	return out
}

// speaks tells whether a row names one of some ids.
func speaks(row *models.Row, named map[string]bool) bool {
	var set map[string]any
	_ = json.Unmarshal(row.Get("set"), &set) // no set, nothing in it
	return namesOne(set, named) || named[row.Text("row")] || named[row.Text("service_id")]
}

func namesOne(set map[string]any, named map[string]bool) bool {
	for _, v := range set {
		if id, ok := v.(string); ok && named[id] {
			return true
		}
	}
	return false
}

// forgetMutations erases what is remembered of mutations that name one of the rows or
// buckets and made no row themselves, so that no row leads to them: refused ones, those
// that wait, and those in quarantine. That they were sent stays known.
func (tx *ProgramTx) forgetMutations(rows map[*models.Table][]string, buckets []string) error {
	named := buckets
	for _, ids := range rows {
		named = append(named[:len(named):len(named)], ids...)
	}
	found, err := tx.KeptMutations(named)
	if err != nil || len(found) == 0 {
		return err
	}
	ids := make([]string, len(found))
	for i, m := range found {
		ids[i] = m.ID
	}
	for _, statement := range []string{
		`UPDATE mutations SET result = NULL, body = NULL WHERE program_no = ? AND ` + tx.s.in("id"),
		`DELETE FROM deferred WHERE program_no = ? AND ` + tx.s.in("mutation_id"),
	} {
		if _, err := tx.exec(statement, tx.Program.No, tx.s.ids(ids)); err != nil {
			return fmt.Errorf("forget mutations: %w", err)
		}
	}
	return nil
}

// KeptMutation is a mutation whose text is kept beside the rows: refused, merged, waiting
// or in quarantine.
type KeptMutation struct {
	ID   string
	Body []byte // as JSON, the mutation under "mutation"
}

// KeptMutations lists the mutations whose text is kept and that are of one of some rows or
// name one, and those that name a row which these were to make.
func (tx *ProgramTx) KeptMutations(ids []string) ([]KeptMutation, error) {
	named := map[string]bool{}
	for _, id := range ids {
		named[id] = true
	}
	var out []KeptMutation
	for range chainMost {
		found, err := tx.mutationsNaming(named)
		if err != nil || len(found) == len(out) {
			return out, err
		}
		out = found
	}
	return out, nil
}

// mutationsNaming lists the mutations whose text is kept and names one of some ids, and
// adds the rows that they were to make.
func (tx *ProgramTx) mutationsNaming(named map[string]bool) (out []KeptMutation, err error) {
	rows, err := tx.query(`SELECT id, row_id, body FROM mutations WHERE program_no = ? AND body IS NOT NULL ORDER BY received_at, id`, tx.Program.No)
	if err != nil {
		return nil, fmt.Errorf("list kept mutations: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var m KeptMutation
		var row string
		if err := rows.Scan(&m.ID, &row, &m.Body); err != nil {
			return nil, fmt.Errorf("read kept mutation: %w", err)
		}
		var kept struct {
			Mutation struct {
				Set map[string]any `json:"set"`
			} `json:"mutation"`
		}
		_ = json.Unmarshal(m.Body, &kept) // a refused one is kept as it came: what is no set names nobody
		if !named[row] && !namesOne(kept.Mutation.Set, named) {
			continue
		}
		if out = append(out, m); row != noID {
			named[row] = true
		}
	}
	return out, rows.Err()
}
