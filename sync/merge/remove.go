package merge

import (
	"encoding/json"

	"pursuit/models"
)

// Delete merges a delete into a live row.
//
// If somebody else changed the row after base, the edit wins: the row stands and
// the delete is kept as a Conflict. Otherwise the outcome is a deleted row.
// Source: docs/protocol.md, section 5.
func Delete(row *models.Row, base int64, by models.Writer) Outcome {
	if row.Meta.ChangedAfter(base, by) {
		return Outcome{Row: row, Merged: true, Conflicts: []Conflict{lostDelete(by)}}
	}
	out := row.Clone()
	out.V, out.Deleted = by.V, true
	out.Meta.Wrote(by, models.Deletion)
	return Outcome{Row: out, Changed: []string{models.Deletion}}
}

// Revive merges an edit into a deleted row.
//
// It returns false when the edit's author had seen the row deleted, or deleted it
// himself, or sends only what the deleter saw: then the row is gone, as when the edit
// had come first. Otherwise the row stands again with the edit, and the delete is kept
// as a Conflict.
func Revive(row *models.Row, e Edit) (Outcome, bool, *models.Rejection) {
	deleter, ok := row.Meta.Deleter()
	if !ok || e.Base >= deleter.V || deleter.Same(e.By) || !differs(row, e) {
		return Outcome{}, false, nil
	}
	standing := row.Clone()
	standing.Deleted = false
	standing.Meta.Forget(models.Deletion)
	out, rejection := Fields(standing, e)
	if rejection != nil {
		return Outcome{}, true, rejection
	}
	out.Row.V = e.By.V
	if len(out.Changed) == 0 {
		out.Row.Meta.Wrote(e.By)
	}
	out.Changed = append(out.Changed, models.Deletion)
	out.Conflicts = append(out.Conflicts, lostDelete(deleter))
	return out, true, nil
}

// differs tells whether an edit has anything that does not stand in the row.
func differs(row *models.Row, e Edit) bool {
	for i, value := range e.Values {
		if !models.Equal(row.Values[i], value) {
			return true
		}
	}
	return false
}

func lostDelete(by models.Writer) Conflict {
	yes, no := json.RawMessage("true"), json.RawMessage("false")
	return Conflict{Field: models.Deletion, Policy: models.PolicyLatest, Base: no, Kept: no, Lost: yes,
		LostBy: by.User, LostAt: by.At}
}
