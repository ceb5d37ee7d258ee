package sync

import (
	"cmp"
	"encoding/json"

	"pursuit/models"
	"pursuit/sync/merge"
	"pursuit/sync/scope"
)

// conflict keeps a losing value as a row beside the row that it lost in.
func (w *world) conflict(j *job, row *models.Row, c merge.Conflict) (string, error) {
	about := "conflict/" + c.Field
	if c.Second {
		about += "/2"
	}
	out := models.NewRow(models.Tables.Table("conflicts"), models.DerivedID(j.ID, about))
	out.Bucket = row.Bucket
	out.PutText("table", row.Table.Name)
	out.PutText("row", row.ID)
	out.PutText("field", c.Field)
	out.PutText("policy", string(c.Policy))
	out.Put("base_value", c.Base)
	out.Put("kept_value", c.Kept)
	out.Put("lost_value", c.Lost)
	out.PutText("lost_by", c.LostBy)
	out.Put("lost_at", models.TimeValue(millis(c.LostAt)))
	out.PutText("state", "open")
	w.serverRow(j, out)
	return out.ID, nil
}

// restore writes the lost value of a conflict back, as a new mutation of whoever
// decides so. The fields of one unit come back together.
func (w *world) restore(j *job, old, row *models.Row) (*models.Rejection, error) {
	if old == nil || row.Text("state") != "restored" || old.Text("state") == "restored" {
		return nil, nil
	}
	t := models.Tables.Table(row.Text("table"))
	if t == nil {
		return models.Reject(models.CodeRowGone, "row", "the row is of a table that is no more"), nil
	}
	target, err := w.row(t, row.Text("row"))
	if err != nil {
		return nil, err
	}
	if target == nil {
		return models.Reject(models.CodeRowGone, "row", "the row is gone"), nil
	}
	again := *j
	again.offset, again.suspect = 0, false // the value is corrected already
	again.Mutation = models.Mutation{ID: models.NewID(), Table: t.Name, Row: target.ID,
		Op: models.OpPatch, Base: target.V, At: models.FormatTime(j.at), Set: map[string]json.RawMessage{}}
	again.hash, again.fields, again.raw = spelling(j.who.UserID, again.Mutation), nil, nil
	if row.Text("field") == models.Deletion {
		again.Op = models.OpDelete
	} else if err := w.lostValues(j, row, t, again.Set); err != nil {
		return nil, err
	}
	if !scope.May(j.who.Role, t.Name, again.Op) {
		return models.Reject(models.CodeForbidden, "state", "this role may not write the row"), nil
	}
	v, err := w.apply(&again, nil)
	if err != nil {
		return nil, err
	}
	if v.fate != applied {
		return models.Reject(v.result.Code, "state", "the lost value cannot be written back: "+v.result.Message), nil
	}
	w.remember(&again, v)
	return nil, w.keepUnseen(&again, target, cmp.Or(j.Base, old.V))
}

// keepUnseen keeps, as conflicts, the values that a restored one took the place of
// though somebody wrote them after whoever decided so had looked.
func (w *world) keepUnseen(again *job, target *models.Row, looked int64) error {
	row, err := w.live(target.Table, target.ID)
	if err != nil || row == nil {
		return err
	}
	for name := range again.Set {
		i, wrote := target.Table.Field(name), target.Meta.Writer(name)
		if i < 0 || wrote.V <= looked || wrote.Same(again.writer(0)) || models.Equal(target.Values[i], row.Values[i]) {
			continue
		}
		f := &target.Table.Fields[i]
		if _, err := w.conflict(again, row, merge.Conflict{Field: name, Policy: f.Policy, Kept: row.Values[i], Lost: target.Values[i],
			LostBy: wrote.User, LostAt: wrote.At}); err != nil {
			return err
		}
	}
	return nil
}

// lostValues gathers the lost value of a conflict, and those of the other fields of
// its unit that lost in the same edit, which are closed with it.
func (w *world) lostValues(j *job, row *models.Row, t *models.Table, set map[string]json.RawMessage) error {
	field := row.Text("field")
	set[field] = orNull(row.Get("lost_value"))
	i := t.Field(field)
	if i < 0 || t.Fields[i].Unit == "" {
		return nil
	}
	siblings, err := w.inBucket(row.Bucket, row.Table)
	if err != nil {
		return err
	}
	for _, s := range siblings {
		n := t.Field(s.Text("field"))
		if s.ID == row.ID || n < 0 || t.Fields[n].Unit != t.Fields[i].Unit || s.Text("row") != row.Text("row") ||
			s.Text("lost_by") != row.Text("lost_by") || s.Text("lost_at") != row.Text("lost_at") || s.Text("state") != "open" {
			continue
		}
		set[t.Fields[n].Name] = orNull(s.Get("lost_value"))
		closed := s.Clone()
		closed.PutText("state", "restored")
		closed.V = w.tx.Next()
		closed.Meta.Wrote(j.writer(closed.V), "state")
		w.stamp(j, closed, false)
		w.put(closed)
	}
	return nil
}

func orNull(v json.RawMessage) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}
