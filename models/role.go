package models

// Role is what a user may be. A user has one role in one organisation at a time.
type Role string

// The roles of docs/protocol.md, section 6.
const (
	RoleOutreachWorker  Role = "outreach_worker"
	RoleCaseManager     Role = "case_manager"
	RoleSupervisor      Role = "supervisor"
	RoleDirector        Role = "director"
	RoleReferralPartner Role = "referral_partner"
	RoleAdmin           Role = "admin"
)

// Roles lists every role, in a fixed order.
var Roles = []Role{RoleOutreachWorker, RoleCaseManager, RoleSupervisor, RoleDirector, RoleReferralPartner, RoleAdmin}

// Valid tells whether r is a role.
func (r Role) Valid() bool {
	for _, known := range Roles {
		if r == known {
			return true
		}
	}
	return false
}

// Authority ranks roles for the authority merge policy: the higher wins.
func (r Role) Authority() int {
	switch r {
	case RoleSupervisor:
		return 3
	case RoleCaseManager:
		return 2
	case RoleOutreachWorker:
		return 1
	}
	return 0
}

// HoldsCases tells whether grants of case buckets to the user count for the role.
// Directors, partners and admins never read case content.
func (r Role) HoldsCases() bool {
	return r == RoleOutreachWorker || r == RoleCaseManager || r == RoleSupervisor
}

// HoldsOrganisation tells whether the organisation's grants count for the role.
func (r Role) HoldsOrganisation() bool { return r == RoleSupervisor }

// OrgKind is what an organisation is.
type OrgKind string

// The kinds of organisation. A program has one lead organisation.
const (
	OrgLead             OrgKind = "lead"
	OrgServiceProvider  OrgKind = "service_provider"
	OrgLawEnforcement   OrgKind = "law_enforcement"
	OrgCommunityPartner OrgKind = "community_partner"
)

// Valid tells whether k is a kind of organisation.
func (k OrgKind) Valid() bool {
	switch k {
	case OrgLead, OrgServiceProvider, OrgLawEnforcement, OrgCommunityPartner:
		return true
	}
	return false
}

// Actor is who does something: a signed-in user on a device, or the server itself.
type Actor struct {
	Program   int32  // the program's number in the store
	ProgramID string // the program's UUID; also the id of its bucket
	TimeZone  string // IANA name of the program's time zone
	UserID    string
	OrgID     string
	OrgKind   OrgKind
	Role      Role
	DeviceID  string // the device's own id; empty for the server
}
