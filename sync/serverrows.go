package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// SettingCheck tells what is wrong with the value of a setting; nil when it may be
// stored. Keys it does not know are nobody's business.
type SettingCheck func(key string, value json.RawMessage) error

// CheckSettings has every setting that is written checked; before Run.
func (e *Engine) CheckSettings(check SettingCheck) { e.checkSetting = check }

// badSetting refuses the value of a setting that its reader could not use.
func (w *world) badSetting(key string, value json.RawMessage) *models.Rejection {
	if w.checkSetting == nil {
		return nil
	}
	if err := w.checkSetting(key, value); err != nil {
		return models.Reject(models.CodeInvalidValue, "value", err.Error())
	}
	return nil
}

// ServerRows writes rows of the server's own in one transaction of a program: make
// reads what it needs and says which; it may run more than once and must touch
// nothing but tx. Nobody's push comes between, so rows with ids that follow from what
// they are about are made once, however many processes make them.
func (e *Engine) ServerRows(ctx context.Context, program int32, make func(*store.ProgramTx) ([]store.ServerRow, error)) error {
	return e.guarded(program, func() error {
		return store.InProgram(ctx, e.store, program, func(tx *store.ProgramTx) error {
			rows, err := make(tx)
			if err != nil || len(rows) == 0 {
				return err
			}
			w := newWorld(tx)
			w.server = true
			ids := []string{}
			for _, r := range rows {
				ids = append(ids, r.ID)
			}
			if err := w.load(ids...); err != nil {
				return err
			}
			for _, r := range rows {
				if err := w.writeServerRow(r); err != nil {
					return err
				}
			}
			if err := w.tx.Audit(w.serverEntry(nil)...); err != nil {
				return err
			}
			return w.flush()
		})
	})
}

// writeServerRow makes or changes one row. A deleted row stays deleted.
func (w *world) writeServerRow(r store.ServerRow) error {
	t := models.Tables.Table(r.Table)
	if t == nil {
		return fmt.Errorf("there is no table %s", r.Table)
	}
	old, err := w.row(t, r.ID)
	if err != nil || old != nil && old.Deleted || old == nil && r.Bucket == "" {
		return err
	}
	var row *models.Row
	if old == nil {
		row = models.NewRow(t, r.ID)
		row.Bucket = r.Bucket
		row.Put("created_at", models.TimeValue(w.tx.Now))
	} else {
		row = old.Clone()
	}
	changed := differing(row, r.Set)
	if len(changed) == 0 {
		return nil
	}
	for _, name := range changed {
		row.Put(name, r.Set[name])
	}
	row.Put("updated_at", models.TimeValue(w.tx.Now))
	row.V = w.tx.Next()
	by := models.Writer{V: row.V, At: w.tx.Now.UnixMilli(), Role: models.RoleAdmin}
	if old == nil {
		row.Meta.Wrote(by)
	} else {
		row.Meta.Wrote(by, changed...)
	}
	w.put(row)
	return nil
}

// differing names the fields whose values the set would change, in order.
func differing(row *models.Row, set map[string]json.RawMessage) []string {
	var out []string
	for name, v := range set {
		if !models.Equal(v, row.Get(name)) {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

// touchReminders has the services looked at again that this transaction concerns.
// What the reminders' own scheduler writes concerns nothing it does not know.
func (w *world) touchReminders() error {
	if w.server {
		return nil
	}
	var touch store.ReminderTouch
	seen := map[string]bool{}
	add := func(list *[]string, id string) {
		if id != "" && !seen[id] {
			seen[id] = true
			*list = append(*list, id)
		}
	}
	var logged []string
	for _, key := range w.changed {
		h := w.rows[key]
		switch key.table.Name {
		case "contact_attempts":
			if w.plainlyLogged(h) {
				logged = append(logged, h.row.Bucket)
				continue
			}
			add(&touch.Services, h.row.Bucket)
		case "services", "assignments", "status_events", "reminders":
			add(&touch.Services, h.row.Bucket)
		case "action_items":
			add(&touch.People, h.row.Bucket)
		case "settings":
			if h.row.Bucket == w.tx.Program.ID {
				touch.Program = true
			} else {
				add(&touch.Orgs, h.row.Bucket)
			}
		case "staff": // a new worker changes nothing; a supervisor may be the one to tell
			if h.stored || h.row.Text("role") == string(models.RoleSupervisor) {
				add(&touch.Orgs, h.row.Bucket)
			}
		}
	}
	for _, service := range logged { // what else a service was touched by comes first
		add(&touch.Logged, service)
	}
	if !touch.Any() {
		return nil
	}
	return w.tx.TouchReminders(touch)
}

// freshAttempt is the age up to which nothing can be due because of a new attempt:
// the shortest rule waits longer than a day.
const freshAttempt = 12 * time.Hour

// plainlyLogged tells whether a row is a new attempt of just now, which can settle
// open reminders but not make one due.
func (w *world) plainlyLogged(h *held) bool {
	if h.stored || h.row.Deleted || h.row.Text("channel") == models.ChannelProbationOfficer {
		return false
	}
	at, ok := models.ParseTime(h.row.Text("occurred_at"))
	return ok && !at.After(w.tx.Now) && w.tx.Now.Sub(at) <= freshAttempt
}
