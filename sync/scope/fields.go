package scope

import (
	"encoding/json"
	"strings"

	"pursuit/models"
)

// Write is a mutation as the rules see it.
type Write struct {
	Who    models.Actor
	Op     models.Op
	Table  *models.Table
	Row    *models.Row                    // the standing row; nil for an insert
	Values map[int]json.RawMessage        // what is sent, canonical
	Parent func(field string) *models.Row // the row a Parent field points to
	Unseen bool                           // somebody changed the status or state and the author has not seen it
	Seen   *models.Row                    // the row as the author had seen it; nil when that is not known
}

// text gives a sent string, or the standing one where none is sent.
func (w Write) text(field string) string {
	if v, sent := w.Values[w.Table.Field(field)]; sent {
		return models.Text(v)
	}
	if w.Row != nil {
		return w.Row.Text(field)
	}
	return ""
}

func (w Write) sent(field string) bool {
	_, sent := w.Values[w.Table.Field(field)]
	return sent
}

// Check narrows a role's right by the row and the fields. The caller holds the
// row's bucket and its role may do this to the table. nil means: go on.
func Check(w Write) *models.Rejection {
	if w.Op == models.OpInsert {
		return checkInsert(w)
	}
	switch w.Table.Name {
	case "services":
		return checkService(w)
	case "contact_attempts":
		if w.Who.Role == models.RoleOutreachWorker && w.Row.Text("created_by") != w.Who.UserID {
			return models.Reject(models.CodeForbidden, "row", "only the author, case managers and supervisors change an attempt")
		}
	case "reminders":
		return onlyTheirs(w, "user_id", "state", "snoozed_until")
	case "action_items":
		return onlyTheirs(w, "owner_id", "done_on")
	case "assessments":
		return needsOverrideReason(w)
	case "transfers":
		return checkTransfer(w)
	}
	return nil
}

func checkInsert(w Write) *models.Rejection {
	switch w.Table.Name {
	case "referrals":
		return checkSource(w)
	case "services":
		return checkNewService(w)
	case "assessments":
		return needsOverrideReason(w)
	case "transfers":
		return checkNewTransfer(w)
	case "action_items":
		if w.text("kind") == models.ActionApproval && w.Who.Role != models.RoleSupervisor {
			return models.Reject(models.CodeForbidden, "kind", "only a supervisor approves")
		}
	}
	return nil
}

// checkSource holds workers and partners to the sources that are theirs.
func checkSource(w Write) *models.Rejection {
	source := w.text("source")
	switch w.Who.Role {
	case models.RoleOutreachWorker:
		if source != "outreach" {
			return models.Reject(models.CodeForbidden, "source", "outreach workers refer with source outreach")
		}
	case models.RoleReferralPartner:
		if source != "law_enforcement" && source != "community_partner" {
			return models.Reject(models.CodeForbidden, "source", "partners refer with source law_enforcement or community_partner")
		}
	}
	return nil
}

func checkNewService(w Write) *models.Rejection {
	referral := w.Parent("referral_id")
	if referral != nil && referral.Text("person_id") != w.text("person_id") {
		return models.Reject(models.CodeInvalidValue, "person_id", "must be the person of the referral")
	}
	if w.Who.Role == models.RoleOutreachWorker && referral != nil &&
		(referral.Text("source") != "outreach" || referral.Text("created_by") != w.Who.UserID) {
		return models.Reject(models.CodeForbidden, "referral_id", "outreach workers open services on their own outreach referrals")
	}
	if w.text("org_id") == w.Who.OrgID {
		return checkStatus(w, models.Pursuing)
	}
	if w.Who.OrgKind == models.OrgLead && w.Who.Role != models.RoleOutreachWorker {
		return checkStatus(w, models.Pursuing)
	}
	return models.Reject(models.CodeForbidden, "org_id", "only the lead organisation refers out to others")
}

// checkService lets workers move the status of a service and nothing else.
func checkService(w Write) *models.Rejection {
	if w.Who.Role == models.RoleOutreachWorker {
		for i := range w.Values {
			if f := w.Table.Fields[i]; f.Unit != "status" {
				return models.Reject(models.CodeForbidden, f.Name, "outreach workers change a service's status only")
			}
		}
	}
	return checkStatus(w, w.Row.Text("status"))
}

// checkStatus holds a status change to what the role may set and to its reason.
// Whether the transition is legal is decided where it is merged.
func checkStatus(w Write, from string) *models.Rejection {
	to := w.text("status")
	if !w.sent("status") && w.Unseen && w.Seen != nil {
		return checkReason(w, w.Seen.Text("status")) // the one that it speaks of
	}
	if to == "" || !w.sent("status") || to == from {
		return checkReason(w, to)
	}
	if w.Who.Role == models.RoleOutreachWorker && to != models.SLOEngaged && to != models.Refused {
		return models.Reject(models.CodeForbiddenTransition, "status", "outreach workers set slo_engaged and refused")
	}
	if !w.Unseen && models.Reopens(from, to) && blank(models.Text(w.Values[w.Table.Field("status_reason")])) {
		return models.Reject(models.CodeMissingField, "status_reason", "reopening needs a reason")
	}
	return checkReason(w, to)
}

func checkReason(w Write, status string) *models.Rejection {
	reason := w.Values[w.Table.Field("status_reason")]
	if status == models.UnableToPlace && reason != nil && !models.UnableReason(models.Text(reason)) {
		return models.Reject(models.CodeInvalidValue, "status_reason", "must be one of the reasons of unable_to_place")
	}
	return nil
}

// checkNewTransfer lets an organisation give away what is its own.
func checkNewTransfer(w Write) *models.Rejection {
	service := w.Parent("service_id")
	if service != nil && service.Text("org_id") != w.Who.OrgID {
		return models.Reject(models.CodeForbidden, "service_id", "only the service's organisation gives it away")
	}
	if w.text("to_org_id") == w.Who.OrgID {
		return models.Reject(models.CodeInvalidValue, "to_org_id", "must be another organisation")
	}
	if state := w.text("state"); state != "" && state != "pending" {
		return models.Reject(models.CodeForbiddenTransition, "state", "a transfer starts as pending")
	}
	return nil
}

// checkTransfer lets the receiving organisation accept or reject and the giving one
// withdraw, once. An acceptance that had not heard of a withdrawal stands, as it does
// when it arrives first: then the withdrawal comes too late.
func checkTransfer(w Write) *models.Rejection {
	to := w.text("state")
	if !w.sent("state") || to == w.Row.Text("state") {
		return nil
	}
	accepted := w.Row.Text("state") == models.TransferAccepted
	if w.Row.Text("state") != "pending" && (accepted || to != models.TransferAccepted || !w.Unseen) {
		return models.Reject(models.CodeForbiddenTransition, "state", "the transfer was decided already")
	}
	decider := w.Row.Text("to_org_id")
	if to == "withdrawn" {
		decider = w.Row.Text("from_org_id")
	}
	if w.Who.OrgID != decider {
		return models.Reject(models.CodeForbidden, "state", "the receiver accepts or rejects, the giver withdraws")
	}
	return nil
}

// onlyTheirs lets a worker patch the named fields of what is theirs to do.
func onlyTheirs(w Write, owner string, fields ...string) *models.Rejection {
	if w.Who.Role != models.RoleOutreachWorker {
		return nil
	}
	if w.Row.Text(owner) != w.Who.UserID {
		return models.Reject(models.CodeForbidden, "row", "only the person it is for")
	}
	for i := range w.Values {
		if name := w.Table.Fields[i].Name; !in(fields, name) {
			return models.Reject(models.CodeForbidden, name, "not a field of the person it is for")
		}
	}
	return nil
}

func needsOverrideReason(w Write) *models.Rejection {
	if w.text("override") != "" && blank(w.text("override_reason")) {
		return models.Reject(models.CodeMissingField, "override_reason", "an override needs a reason")
	}
	return nil
}

// blank tells whether a text says nothing.
func blank(text string) bool { return strings.TrimSpace(text) == "" }

func in(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}
