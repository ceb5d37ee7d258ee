package scope_test

import (
	"encoding/json"
	"testing"

	"pursuit/models"
	"pursuit/sync/scope"
)

// write makes a write of somebody of "my org": the table, the standing row (nil
// for an insert) and what is sent, as strings.
func write(role models.Role, kind models.OrgKind, table string, row, sent map[string]string) scope.Write {
	t := models.Tables.Table(table)
	w := scope.Write{Who: models.Actor{UserID: me, OrgID: mine, OrgKind: kind, Role: role}, Op: models.OpInsert, Table: t,
		Values: map[int]json.RawMessage{}, Parent: func(string) *models.Row { return nil }}
	if row != nil {
		w.Op, w.Row = models.OpPatch, models.NewRow(t, "019a9f60-0000-7000-8000-000000000001")
		for name, v := range row {
			w.Row.PutText(name, v)
		}
	}
	for name, v := range sent {
		w.Values[t.Field(name)] = models.Quote(v)
	}
	return w
}

// under gives a write a parent row.
func under(w scope.Write, table string, values map[string]string) scope.Write {
	parent := models.NewRow(models.Tables.Table(table), "019a9f60-0000-7000-8000-000000000002")
	for name, v := range values {
		parent.PutText(name, v)
	}
	w.Parent = func(string) *models.Row { return parent }
	return w
}

func unseen(w scope.Write) scope.Write {
	w.Unseen = true
	return w
}

type v = map[string]string

// The rules on single fields, one line a rule: what is refused and at which field.
// Source: docs/domain.md, "Transitions" and "Who writes, who receives".
func TestFieldRules(t *testing.T) {
	const (
		worker, cm, boss, partner = models.RoleOutreachWorker, models.RoleCaseManager, models.RoleSupervisor, models.RoleReferralPartner
		lead, street              = models.OrgLead, models.OrgServiceProvider
		forbidden, missing        = models.CodeForbidden, models.CodeMissingField
		transition, invalid       = models.CodeForbiddenTransition, models.CodeInvalidValue
	)
	pursuing, refused := v{"status": "pursuing", "org_id": mine}, v{"status": "refused", "org_id": mine}
	pending := v{"state": "pending", "from_org_id": mine, "to_org_id": theirs}
	coming := v{"state": "pending", "from_org_id": theirs, "to_org_id": mine}
	for name, c := range map[string]struct {
		w           scope.Write
		code, field string // "" = allowed
	}{
		"worker moves a status":                    {write(worker, street, "services", pursuing, v{"status": "slo_engaged", "status_on": "2026-01-02"}), "", ""},
		"worker takes down a refusal":              {write(worker, street, "services", pursuing, v{"status": "refused", "status_reason": "no"}), "", ""},
		"worker enrols":                            {write(worker, street, "services", pursuing, v{"status": "enrolled"}), transition, "status"},
		"worker reopens":                           {write(worker, street, "services", refused, v{"status": "pursuing", "status_reason": "again"}), transition, "status"},
		"worker changes the track":                 {write(worker, street, "services", pursuing, v{"track": "hhp"}), forbidden, "track"},
		"case manager enrols":                      {write(cm, street, "services", pursuing, v{"status": "enrolled"}), "", ""},
		"case manager changes the track":           {write(cm, street, "services", pursuing, v{"track": "hhp"}), "", ""},
		"reopening with a reason":                  {write(cm, street, "services", refused, v{"status": "pursuing", "status_reason": "again"}), "", ""},
		"reopening with a blank reason":            {write(boss, street, "services", refused, v{"status": "pursuing", "status_reason": " \n"}), missing, "status_reason"},
		"reopening without":                        {write(boss, street, "services", refused, v{"status": "pursuing"}), missing, "status_reason"},
		"reopening what its author did not see":    {unseen(write(boss, street, "services", refused, v{"status": "pursuing"})), "", ""},
		"unable to place, with its code":           {write(cm, street, "services", pursuing, v{"status": "unable_to_place", "status_reason": "unable_to_contact"}), "", ""},
		"unable to place, in own words":            {write(cm, street, "services", pursuing, v{"status": "unable_to_place", "status_reason": "gone"}), invalid, "status_reason"},
		"unable to place, reason later":            {write(cm, street, "services", v{"status": "unable_to_place"}, v{"status_reason": "gone"}), invalid, "status_reason"},
		"a new service for the own organisation":   {write(cm, street, "services", nil, v{"org_id": mine}), "", ""},
		"a provider opens one for another":         {write(boss, street, "services", nil, v{"org_id": theirs}), forbidden, "org_id"},
		"the lead opens one for another":           {write(cm, lead, "services", nil, v{"org_id": theirs}), "", ""},
		"a worker of the lead opens one elsewhere": {write(worker, lead, "services", nil, v{"org_id": theirs}), forbidden, "org_id"},
		"a service of somebody else's referral":    {under(write(cm, street, "services", nil, v{"org_id": mine, "person_id": "p"}), "referrals", v{"person_id": "q"}), invalid, "person_id"},
		"worker opens on their own outreach":       {under(write(worker, street, "services", nil, v{"org_id": mine}), "referrals", v{"source": "outreach", "created_by": me}), "", ""},
		"worker opens on another's outreach":       {under(write(worker, street, "services", nil, v{"org_id": mine}), "referrals", v{"source": "outreach", "created_by": "ann"}), forbidden, "referral_id"},
		"worker opens on the shooting review's":    {under(write(worker, street, "services", nil, v{"org_id": mine}), "referrals", v{"source": "shooting_review", "created_by": me}), forbidden, "referral_id"},
		"worker opens one as enrolled":             {write(worker, street, "services", nil, v{"org_id": mine, "status": "enrolled"}), transition, "status"},

		"worker refers from the street":        {write(worker, street, "referrals", nil, v{"source": "outreach"}), "", ""},
		"worker refers as the shooting review": {write(worker, street, "referrals", nil, v{"source": "shooting_review"}), forbidden, "source"},
		"partner refers as police":             {write(partner, street, "referrals", nil, v{"source": "law_enforcement"}), "", ""},
		"partner refers as community":          {write(partner, street, "referrals", nil, v{"source": "community_partner"}), "", ""},
		"partner refers as outreach":           {write(partner, street, "referrals", nil, v{"source": "outreach"}), forbidden, "source"},
		"case manager refers from the review":  {write(cm, street, "referrals", nil, v{"source": "shooting_review"}), "", ""},

		"override with a blank reason":            {write(cm, street, "assessments", nil, v{"override": "yes", "override_reason": " "}), missing, "override_reason"},
		"override with a reason":                  {write(cm, street, "assessments", nil, v{"override": "yes", "override_reason": "met"}), "", ""},
		"override without":                        {write(cm, street, "assessments", nil, v{"override": "no"}), missing, "override_reason"},
		"override patched in, no reason stands":   {write(cm, street, "assessments", v{"disposition": "referred"}, v{"override": "yes"}), missing, "override_reason"},
		"override patched in, reason stands":      {write(cm, street, "assessments", v{"override_reason": "met"}, v{"override": "yes"}), "", ""},
		"the reason taken from under an override": {write(cm, street, "assessments", v{"override": "yes", "override_reason": "met"}, v{"override_reason": ""}), missing, "override_reason"},

		"worker corrects an own attempt":        {write(worker, street, "contact_attempts", v{"created_by": me}, v{"note": "a"}), "", ""},
		"worker corrects another's":             {write(worker, street, "contact_attempts", v{"created_by": "ann"}, v{"note": "a"}), forbidden, "row"},
		"case manager corrects another's":       {write(cm, street, "contact_attempts", v{"created_by": "ann"}, v{"note": "a"}), "", ""},
		"worker ticks off an own reminder":      {write(worker, street, "reminders", v{"user_id": me}, v{"state": "done"}), "", ""},
		"worker ticks off another's":            {write(worker, street, "reminders", v{"user_id": "ann"}, v{"state": "done"}), forbidden, "row"},
		"worker moves a reminder's due time":    {write(worker, street, "reminders", v{"user_id": me}, v{"due_at": "2026-01-01T00:00:00.000Z"}), forbidden, "due_at"},
		"worker finishes an own action item":    {write(worker, street, "action_items", v{"owner_id": me}, v{"done_on": "2026-01-01"}), "", ""},
		"worker rewrites an action item":        {write(worker, street, "action_items", v{"owner_id": me}, v{"text": "a"}), forbidden, "text"},
		"case manager approves the last resort": {write(cm, street, "action_items", nil, v{"kind": models.ActionApproval}), forbidden, "kind"},
		"supervisor approves the last resort":   {write(boss, street, "action_items", nil, v{"kind": models.ActionApproval}), "", ""},

		"a transfer to the own organisation":     {write(cm, street, "transfers", nil, v{"to_org_id": mine}), invalid, "to_org_id"},
		"a transfer that starts accepted":        {write(cm, street, "transfers", nil, v{"to_org_id": theirs, "state": "accepted"}), transition, "state"},
		"a transfer of another's service":        {under(write(cm, street, "transfers", nil, v{"to_org_id": theirs}), "services", v{"org_id": theirs}), forbidden, "service_id"},
		"the giver accepts":                      {write(cm, street, "transfers", pending, v{"state": "accepted"}), forbidden, "state"},
		"the giver withdraws":                    {write(cm, street, "transfers", pending, v{"state": "withdrawn"}), "", ""},
		"the receiver accepts":                   {write(cm, street, "transfers", coming, v{"state": "accepted"}), "", ""},
		"the receiver withdraws":                 {write(cm, street, "transfers", coming, v{"state": "withdrawn"}), forbidden, "state"},
		"a decided transfer is decided again":    {write(cm, street, "transfers", v{"state": "rejected", "to_org_id": mine}, v{"state": "accepted"}), transition, "state"},
		"the receiver names itself in the patch": {write(cm, street, "transfers", pending, v{"state": "accepted", "to_org_id": mine}), forbidden, "state"},
	} {
		code, field := "", ""
		if r := scope.Check(c.w); r != nil {
			code, field = r.Code, r.Field
		}
		if code != c.code || field != c.field {
			t.Errorf("%s: %q at %q, want %q at %q", name, code, field, c.code, c.field)
		}
	}
}
