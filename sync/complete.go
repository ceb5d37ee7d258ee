package sync

import (
	"encoding/json"
	"time"

	"pursuit/models"
)

// complete fills what the server sets of a new row: its bucket, defaults and marks.
func (w *world) complete(j *job, row *models.Row, parents map[string]*models.Row, late bool) (*models.Rejection, error) {
	row.Bucket = row.ID
	if root := row.Table.Root; root != "" {
		row.Bucket = row.Text(root)
	}
	for _, i := range row.Table.Defaults() {
		standard(row, row.Table.Fields[i].Name, row.Table.Fields[i].Default)
	}
	var rejection *models.Rejection
	var err error
	switch row.Table.Name {
	case "services":
		rejection, err = w.completeService(j, row)
	case "assignments":
		rejection, err = w.completeAssignment(j, row, parents["service_id"])
	case "contact_attempts":
		completeAttempt(j, row, late, w.tx.Now)
		err = w.judgeNew(row, parents["service_id"])
	case "reminders":
		rejection, err = w.completeReminder(row)
	case "action_items":
		rejection, err = w.checkUser(row.Text("owner_id"), "owner_id")
	case "transfers":
		rejection, err = w.completeTransfer(j, row, parents["service_id"])
	case "consents":
		rejection, err = w.checkOrg(row.Text("recipient_org_id"), "recipient_org_id")
	case "settings":
		rejection, err = w.completeSetting(j, row)
	}
	derive(row)
	return rejection, err
}

// standard sets a field that was not sent.
func standard(row *models.Row, field, value string) {
	if row.Get(field) == nil {
		row.Put(field, models.Quote(value))
	}
}

// derive computes the fields that follow from others of the same row.
func derive(row *models.Row) {
	switch row.Table.Name {
	case "assessments":
		var factors map[string]string
		if raw := row.Get("factors"); raw != nil {
			if json.Unmarshal(raw, &factors) != nil {
				factors = nil // canonical values always decode; without them all are unknown
			}
		}
		row.PutText("high_risk", models.HighRisk(factors))
	case "services":
		row.Put("short_term_ends_on", nil)
		on, err := time.Parse(models.DateLayout, row.Text("status_on"))
		if row.Text("status") == models.ShortTerm && err == nil {
			row.PutText("short_term_ends_on", on.AddDate(0, 0, models.ShortTermDays).Format(models.DateLayout))
		}
	}
}

// today is the calendar date of a moment in the program's time zone.
func (w *world) today(t time.Time) string {
	zone, err := time.LoadLocation(w.tx.Program.TimeZone)
	if err != nil { // checked when the program was made
		zone = time.UTC
	}
	return t.In(zone).Format(models.DateLayout)
}

func (w *world) completeService(j *job, row *models.Row) (*models.Rejection, error) {
	standard(row, "status_on", w.today(j.at))
	return w.checkCaseOrg(row.Text("org_id"), "org_id")
}

func (w *world) completeAssignment(j *job, row, service *models.Row) (*models.Rejection, error) {
	row.Put("started_at", models.TimeValue(j.at))
	if row.Get("ended_at") != nil {
		row.Put("ended_at", models.TimeValue(j.at))
	}
	user, ok, err := w.user(row.Text("user_id"))
	if err != nil {
		return nil, err
	}
	if !ok || !user.Active || !user.Role.HoldsCases() || user.OrgID != service.Text("org_id") {
		return models.Reject(models.CodeInvalidValue, "user_id", "must be an active worker, case manager or supervisor of the service's organisation"), nil
	}
	return nil, nil
}

func completeAttempt(j *job, row *models.Row, late bool, now time.Time) {
	sent := row.Get("occurred_at")
	occurred, _ := models.ParseTime(models.Text(sent)) // canonical
	row.Put("occurred_at", models.TimeValue(j.clock().correct(occurred, now)))
	row.Put("occurred_at_device", sent)
	row.Put("recorded_at", models.TimeValue(j.at))
	row.Put("received_at", models.TimeValue(j.received))
	row.PutText("worker_id", j.who.UserID)
	row.Put("late", models.BoolValue(late))
	row.Put("clock_suspect", models.BoolValue(j.suspect))
	row.Put("policy_exception", models.BoolValue(false))
}

func (w *world) completeReminder(row *models.Row) (*models.Rejection, error) {
	row.Put("escalation", models.IntValue(0))
	if named := row.Text("user_id"); named != "" {
		return w.checkUser(named, "user_id")
	}
	worker, err := w.liveWorker(row.Text("service_id"))
	row.PutText("user_id", worker)
	return nil, err
}

// liveWorker finds the outreach worker who pursues a service now, "" when nobody does.
func (w *world) liveWorker(service string) (string, error) {
	grants, err := w.grantsOf(service)
	if err != nil {
		return "", err
	}
	for _, g := range grants {
		if !g.Live() || !g.FromAssignment() {
			continue
		}
		row, err := w.live(models.Tables.Table("assignments"), g.Source[len(models.SourceAssignment):])
		if err != nil {
			return "", err
		}
		if row != nil && row.Text("role") == string(models.RoleOutreachWorker) {
			return g.Principal, nil
		}
	}
	return "", nil
}

func (w *world) checkUser(id, field string) (*models.Rejection, error) {
	if id == "" {
		return nil, nil
	}
	if _, ok, err := w.user(id); err != nil || ok {
		return nil, err
	}
	return models.Reject(models.CodeInvalidValue, field, "must be a user of the program"), nil
}

func (w *world) checkOrg(id, field string) (*models.Rejection, error) {
	if _, ok, err := w.org(id); err != nil || ok {
		return nil, err
	}
	return models.Reject(models.CodeInvalidValue, field, "must be an organisation of the program"), nil
}

// checkCaseOrg is checkOrg for an organisation that is to work a case: law enforcement
// never does, whatever roles its people have. Source: docs/domain.md, section 6.
func (w *world) checkCaseOrg(id, field string) (*models.Rejection, error) {
	org, ok, err := w.org(id)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return w.checkOrg(id, field)
	case org.Kind == models.OrgLawEnforcement:
		return models.Reject(models.CodeForbidden, field, "cases are not given to law enforcement"), nil
	}
	return nil, nil
}

// completeSetting finds the bucket of a setting: the program's for an admin who
// names no organisation, else an organisation's. One row a key in a bucket.
func (w *world) completeSetting(j *job, row *models.Row) (*models.Rejection, error) {
	org := row.Text("org_id")
	switch {
	case j.who.Role == models.RoleAdmin && org == "":
		row.Bucket = w.tx.Program.ID
	case j.who.Role == models.RoleAdmin:
		if rejection, err := w.checkOrg(org, "org_id"); err != nil || rejection != nil {
			return rejection, err
		}
		row.Bucket = org
	case org != "" && org != j.who.OrgID:
		return models.Reject(models.CodeForbidden, "org_id", "supervisors set for their own organisation"), nil
	default:
		row.Bucket = j.who.OrgID
		row.PutText("org_id", row.Bucket)
	}
	if rejection := w.badSetting(row.Text("key"), row.Get("value")); rejection != nil {
		return rejection, nil
	}
	taken, err := w.settingTaken(row)
	if err == nil && taken {
		return models.Reject(models.CodeRowExists, "key", "there is a row of this key already"), nil
	}
	return nil, err
}

func (w *world) settingTaken(row *models.Row) (bool, error) {
	ids, err := w.tx.SettingIDs(row.Text("key"))
	if err != nil {
		return false, err
	}
	if err := w.load(ids...); err != nil {
		return false, err
	}
	for key, h := range w.rows {
		if key.table == row.Table && !h.row.Deleted && h.row.Bucket == row.Bucket && h.row.Text("key") == row.Text("key") {
			return true, nil
		}
	}
	return false, nil
}
