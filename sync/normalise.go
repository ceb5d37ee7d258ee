package sync

import (
	"encoding/json"

	"pursuit/models"
)

// normalise turns what a patch sends into what will be merged: fixed fields may be
// repeated but not changed, times are corrected, dependent values are filled in.
func (w *world) normalise(j *job, row, seen *models.Row, values map[int]json.RawMessage) (*models.Rejection, error) {
	t := row.Table
	for i, v := range values {
		f := &t.Fields[i]
		switch {
		case f.Fixed && models.Equal(v, row.Values[i]):
			delete(values, i)
		case f.Fixed:
			return models.Reject(models.CodeReadOnlyField, f.Name, "is set by the insert and stays"), nil
		case v == nil && neverNull(f):
			return models.Reject(models.CodeMissingField, f.Name, "must have a value"), nil
		}
	}
	switch t.Name {
	case "assignments":
		return endAssignment(j, row, values), nil
	case "contact_attempts":
		w.correctAttempt(j, t, values)
	case "services":
		w.dateStatus(j, row, seen, values)
	case "conflicts", "quarantine":
		return closeOnce(row, values), nil
	case "settings":
		if v, sent := values[t.Field("value")]; sent {
			return w.badSetting(row.Text("key"), v), nil
		}
	case "action_items":
		if v, sent := values[t.Field("owner_id")]; sent {
			return w.checkUser(models.Text(v), "owner_id")
		}
	}
	return nil, nil
}

// neverNull names the codes that always have a value though an insert may leave
// them to the server.
func neverNull(f *models.Field) bool {
	return f.Default != "" || f.Name == "status" || f.Name == "state" || f.Name == "kind"
}

// endAssignment makes any value sent mean "now"; an assignment ends once.
func endAssignment(j *job, row *models.Row, values map[int]json.RawMessage) *models.Rejection {
	i := row.Table.Field("ended_at")
	v, sent := values[i]
	switch {
	case !sent:
	case row.Values[i] != nil && v == nil:
		return models.Reject(models.CodeReadOnlyField, "ended_at", "an assignment that has ended stays ended; make a new one")
	case row.Values[i] != nil || v == nil:
		delete(values, i)
	default:
		values[i] = models.TimeValue(j.at)
	}
	return nil
}

// correctAttempt corrects a patched time by the device's clock and lifts or sets
// the mark of a suspect clock by the device that sent it.
func (w *world) correctAttempt(j *job, t *models.Table, values map[int]json.RawMessage) {
	i := t.Field("occurred_at")
	v, sent := values[i]
	if !sent {
		return
	}
	occurred, _ := models.ParseTime(models.Text(v)) // canonical
	values[i] = models.TimeValue(j.clock().correct(occurred, w.tx.Now))
	values[t.Field("occurred_at_device")] = v
	values[t.Field("clock_suspect")] = models.BoolValue(j.suspect)
}

// dateStatus dates a status change that came without a date. That the status stands
// already makes it none only for who knew so: else both changes have their date, and
// one of them stands whole, whichever came first.
func (w *world) dateStatus(j *job, row, seen *models.Row, values map[int]json.RawMessage) {
	status, sent := values[row.Table.Field("status")]
	on := row.Table.Field("status_on")
	if _, dated := values[on]; !sent || dated {
		return
	}
	again := seen != nil && unseenStatus(j, row) && !models.Equal(status, seen.Get("status"))
	if again || !models.Equal(status, row.Get("status")) {
		values[on] = models.Quote(w.today(j.at))
	}
}

// closeOnce holds conflicts and quarantine to one decision.
func closeOnce(row *models.Row, values map[int]json.RawMessage) *models.Rejection {
	v, sent := values[row.Table.Field("state")]
	if !sent || models.Equal(v, row.Get("state")) || row.Text("state") == "open" {
		return nil
	}
	return models.Reject(models.CodeForbiddenTransition, "state", "this was decided already")
}
