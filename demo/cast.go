package demo

import (
	"fmt"
	"strings"

	"pursuit/models"
)

// cast is the program, its organisations and everybody who signs in.
type cast struct {
	calendar calendar
	program  Program
	orgs     []Org
	users    []User
	lead     team
	partners team
	teams    []*team // the service providers, in the order of posts
}

// team is the staff of one organisation.
type team struct {
	org        Org
	supervisor *User
	managers   []*User
	workers    []*User
	partners   []*User
	load       map[string]int // cases given so far, by user id
}

// The tracks of docs/protocol.md.
const (
	trackSLOICM = "slo_icm"
	trackHHP    = "hhp"
	trackTVIF   = "tvif"
)

// post is one organisation with its number of staff of each field role.
type post struct {
	name, domain                             string
	kind                                     models.OrgKind
	supervisors, managers, workers, partners int
}

// posts are the five organisations. Lantern Street and Twin Bridges share street
// outreach, Twin Bridges runs the family programme, Safe Harbor the hospital's.
var posts = [...]post{
	{"Rosewater Office of Violence Prevention (demo)", "rosewater", models.OrgLead, 1, 2, 0, 0},
	{"Lantern Street Outreach (demo)", "lantern", models.OrgServiceProvider, 1, 2, 6, 0},
	{"Twin Bridges Families (demo)", "twinbridges", models.OrgServiceProvider, 1, 2, 6, 0},
	{"Safe Harbor Hospital Outreach (demo)", "safeharbor", models.OrgServiceProvider, 1, 2, 3, 0},
	{"Rosewater Community Justice (demo)", "justice", models.OrgLawEnforcement, 0, 0, 0, 2},
}

func newCast(c calendar) *cast {
	start := moment(workStart)
	k := &cast{calendar: c, program: Program{ID: idFor(c.instant(start), "program"),
		Name: "Ceasefire demonstration, 2024", TimeZone: TimeZone, CreatedAt: c.instant(start)}}
	teams := make([]team, len(posts))
	for i, p := range posts {
		teams[i] = k.hire(p)
		k.orgs = append(k.orgs, teams[i].org)
	}
	k.lead, k.partners = teams[0], teams[len(teams)-1]
	for i := range teams[1 : len(teams)-1] {
		k.teams = append(k.teams, &teams[1+i])
	}
	k.user(k.lead.org.ID, posts[0].domain, models.RoleDirector, 1)
	k.user(k.lead.org.ID, posts[0].domain, models.RoleAdmin, 1)
	return k
}

func (k *cast) hire(p post) team {
	t := team{org: Org{ID: idFor(k.program.CreatedAt, "org/"+p.domain), Name: p.name, Kind: p.kind}, load: map[string]int{}}
	for i := range p.supervisors {
		t.supervisor = k.user(t.org.ID, p.domain, models.RoleSupervisor, 1+i)
	}
	for i := range p.managers {
		t.managers = append(t.managers, k.user(t.org.ID, p.domain, models.RoleCaseManager, 1+i))
	}
	for i := range p.workers {
		t.workers = append(t.workers, k.user(t.org.ID, p.domain, models.RoleOutreachWorker, 1+i))
	}
	for i := range p.partners {
		t.partners = append(t.partners, k.user(t.org.ID, p.domain, models.RoleReferralPartner, 1+i))
	}
	return t
}

func (k *cast) user(org, domain string, role models.Role, no int) *User {
	short := strings.ReplaceAll(string(role), "_", "-")
	user := User{ID: idFor(k.program.CreatedAt, fmt.Sprintf("user/%s/%s/%d", domain, role, no)), OrgID: org,
		Email: fmt.Sprintf("%s-%d@%s.example", short, no, domain),
		Name:  staffName(len(k.users)), Role: role, Password: Password}
	k.users = append(k.users, user)
	return &user
}

// provider is the organisation that runs a track. Two share street outreach: the one
// with fewer cases takes the next.
func (k *cast) provider(track string) *team {
	switch track {
	case trackHHP:
		return k.teams[2]
	case trackTVIF:
		return k.teams[1]
	}
	if k.teams[1].load[trackSLOICM] < k.teams[0].load[trackSLOICM] {
		return k.teams[1]
	}
	return k.teams[0]
}

// next picks who has been given the fewest cases, the first of equals, and counts.
func (t *team) next(among []*User, except *User) *User {
	var chosen *User
	for _, user := range among {
		if user != except && (chosen == nil || t.load[user.ID] < t.load[chosen.ID]) {
			chosen = user
		}
	}
	t.load[chosen.ID]++
	return chosen
}
