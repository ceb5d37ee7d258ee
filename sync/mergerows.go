package sync

import (
	"slices"
	"strings"

	"pursuit/models"
	"pursuit/sync/merge"
)

// joinPeople makes one row of two people. The codes that the one had become former
// codes of the other, who keeps their own.
func joinPeople(keep, gone *models.Row, by models.Writer) merge.Outcome {
	out := merge.Join(keep, gone, by, "code")
	own, former := out.Row.Text("code"), models.Texts(out.Row.Get("codes"))
	before := len(former)
	for _, code := range append([]string{gone.Text("code")}, models.Texts(gone.Get("codes"))...) {
		if code != own && !slices.Contains(former, code) {
			former = append(former, code)
		}
	}
	if len(former) > before {
		out.Row.Put("codes", models.TextsValue(former))
		out.Row.Meta.Wrote(by, "codes")
	}
	return out
}

// moveRows gives every row of a merged person's bucket to the survivor and lists the
// ids. Moved rows keep their writers: that they moved is nobody's edit. Deleted ones
// keep their numbers too.
func (w *world) moveRows(from, to string) ([]string, error) {
	rows, err := w.tx.BucketRows(from, mergeRowsMax+1)
	if err != nil {
		return nil, err
	}
	if len(rows) > mergeRowsMax {
		return nil, models.E(models.KindConflict, "conflict", "This person has too many rows to be merged.")
	}
	var ids []string
	for _, row := range rows {
		if row.Table.Name == "people" {
			continue
		}
		moved := row.Clone()
		moved.Bucket = to
		w.repoint(moved, from, to)
		if err := w.moveRow(row, moved); err != nil {
			return nil, err
		}
		ids = append(ids, row.ID)
	}
	return ids, nil
}

// repoint writes the survivor's id where a row names the merged person's.
func (w *world) repoint(row *models.Row, from, to string) {
	if row.Text("person_id") == from {
		row.PutText("person_id", to)
	}
	if row.Table.Name == "conflicts" && row.Text("row") == from {
		row.PutText("row", to)
	}
}

// moveRow stores a row that moved: a live one under a new number, so that devices
// hear of it, a deleted one in place.
func (w *world) moveRow(row, moved *models.Row) error {
	if moved.Deleted {
		if h := w.rows[rowKey{moved.Table, moved.ID}]; h != nil {
			h.row = moved
		}
		return w.tx.Rehome(moved)
	}
	w.know([]string{row.ID}, []*models.Row{row})
	moved.V = w.tx.Next()
	w.put(moved)
	return nil
}

// moveServices gives the merged person's services, ended and deleted ones too, to the
// survivor. They stay in their own buckets, with all that hangs on them.
func (w *world) moveServices(j *job, from, to string) (int, error) {
	ids, err := w.tx.ServicesOf(from)
	if err != nil {
		return 0, err
	}
	grants, err := w.grantsOf(from) // each service left one, also those that were deleted
	if err != nil {
		return 0, err
	}
	for _, g := range grants {
		if id, ok := strings.CutPrefix(g.Source, models.SourceService); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if err := w.load(ids...); err != nil {
		return 0, err
	}
	moved := 0
	for _, id := range ids {
		service, err := w.row(models.Tables.Table("services"), id)
		if err != nil || service == nil || service.Text("person_id") != from {
			if err != nil {
				return 0, err
			}
			continue
		}
		next := service.Clone()
		w.repoint(next, from, to)
		if err := w.moveRow(service, next); err != nil {
			return 0, err
		}
		w.judgeServices[id] = j
		moved++
	}
	return moved, nil
}

// wake applies what waited for a merged person, or for a row of theirs to come into
// its author's view.
func (w *world) wake(from, to string, moved []string) error {
	if err := w.tx.Rewant(from, to); err != nil {
		return err
	}
	w.arrived = append(append(w.arrived, to), moved...)
	return w.settleDeferred()
}
