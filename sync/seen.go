package sync

import "pursuit/models"

// before gives the row as the author of an edit had last seen it, when the edit
// may meet others' changes; else it is not needed.
func (w *world) before(row *models.Row, base int64) (*models.Row, error) {
	if base >= row.V {
		return row, nil
	}
	if base == 0 {
		return nil, nil
	}
	for i := len(w.former) - 1; i >= 0; i-- {
		if f := w.former[i]; f.Table == row.Table && f.ID == row.ID && f.V <= base {
			return f, nil
		}
	}
	return w.tx.VersionAt(row.Table, row.ID, base)
}

// rebase lets an edit speak of the row's insert when its author had seen that and can
// not say so: on the device that made the row and got no answer yet, and where the
// history went with a restored backup and the insert came back with another number.
func (w *world) rebase(j *job, row *models.Row) error {
	if len(row.Meta.Writers) == 0 || j.joined > 0 || j.Base >= row.Meta.Writers[0].V {
		return nil
	}
	if j.Base == 0 {
		if made := row.Meta.Writers[0]; made.Same(j.writer(0)) {
			j.Base = made.V
		}
		return nil
	}
	lost, err := w.tx.LostNumber(j.Base)
	if lost {
		j.Base = row.Meta.Writers[0].V
	}
	return err
}

// unseenStatus tells whether somebody else changed the row's status (a transfer's
// state) after its author had last seen it.
func unseenStatus(j *job, row *models.Row) bool {
	field := "status"
	if row.Table.Name == "transfers" {
		field = "state"
	}
	last := row.Meta.Writer(field)
	return last.V > j.Base && !last.Same(j.writer(0))
}

// assumed names the field of a mutation that the server may fill in for it, when it did
// not send it; -1 = none.
func assumed(j *job, t *models.Table) int {
	if _, sent := j.Set["status_on"]; sent || t.Name != "services" {
		return -1
	}
	return t.Field("status_on")
}
