package scope

import "pursuit/models"

// right is a set of operations.
type right uint8

const (
	insert right = 1 << iota
	patch
	remove
	all = insert | patch | remove
)

// rights says what each role may ever do to each table. Rows and fields narrow it
// further, in fields.go. What is not here is denied.
// Source: docs/domain.md, "Who writes, who receives".
func rights(table string, role models.Role) right {
	worker, caseManager, supervisor := role == models.RoleOutreachWorker, role == models.RoleCaseManager, role == models.RoleSupervisor
	leads := caseManager || supervisor
	partner, admin := role == models.RoleReferralPartner, role == models.RoleAdmin
	switch table {
	case "people":
		return pick(worker || leads, all, partner, insert)
	case "known_contacts", "contact_attempts":
		return pick(worker || leads, all, false, 0)
	case "assessments", "program_events", "assignments", "consents":
		return pick(leads, all, false, 0)
	case "referrals":
		return pick(leads, all, worker || partner, insert)
	case "services":
		return pick(leads, all, worker, insert|patch)
	case "reminders", "action_items":
		return pick(leads, all, worker, patch)
	case "transfers":
		return pick(leads, insert|patch, false, 0)
	case "conflicts":
		return pick(leads, patch, false, 0)
	case "quarantine":
		return pick(supervisor, patch, false, 0)
	case "settings":
		return pick(admin || supervisor, all, false, 0)
	}
	return trial(table, worker || leads)
}

func pick(first bool, a right, second bool, b right) right {
	switch {
	case first:
		return a
	case second:
		return b
	}
	return 0
}

// May tells whether a role may ever do this to the table.
func May(role models.Role, table string, op models.Op) bool {
	have := rights(table, role)
	switch op {
	case models.OpInsert:
		return have&insert != 0
	case models.OpPatch:
		return have&patch != 0
	case models.OpDelete:
		return have&remove != 0
	}
	return false
}
