package matrix

import (
	"testing"

	"pursuit/sim/harness"
)

// The six roles, docs/domain.md; document checks that there are no others.
const (
	worker     = "outreach_worker"
	manager    = "case_manager"
	supervisor = "supervisor"
	director   = "director"
	partner    = "referral_partner"
	admin      = "admin"
)

func roles() []string { return []string{worker, manager, supervisor, director, partner, admin} }

// The organisations of a city. Who asks sits in ours.
const (
	lead      = "lead"
	ours      = "ours"
	theirs    = "theirs"
	police    = "police"
	community = "community"
)

// city is a program with its people and a case of each organisation that works cases.
type city struct {
	*harness.Program
	soil  *soil
	orgs  map[string]string
	seats map[string]*harness.Device // by organisation and role
	cases map[string]*dossier        // by organisation; the partner's own referral under partner
}

func (s *scene) city(t *testing.T, site *harness.Site, mark string) *city {
	t.Helper()
	program, err := site.Bootstrap(ctx(t), s.server.URL, mark)
	if err != nil {
		t.Fatal(err)
	}
	c := &city{Program: program, soil: s.soil, seats: map[string]*harness.Device{}, cases: map[string]*dossier{}}
	c.orgs = map[string]string{lead: program.OrgID}
	for name, kind := range map[string]string{ours: "service_provider", theirs: "service_provider", police: "law_enforcement", community: "community_partner"} {
		if c.orgs[name], err = c.Org(ctx(t), "Organisation "+name, kind); err != nil {
			t.Fatal(err)
		}
	}
	for _, org := range []string{ours, theirs, lead} {
		for _, role := range []string{worker, manager, supervisor} {
			c.sit(t, org, role)
		}
	}
	c.sit(t, ours, director)
	for _, org := range []string{ours, police, community} {
		c.sit(t, org, partner)
	}
	c.sit(t, police, supervisor)
	c.sit(t, theirs, director)
	c.seats[ours+"/"+admin] = harness.NewDevice(program.Admin)
	for _, org := range []string{ours, theirs} {
		c.cases[org] = c.fill(t, org, nil)
	}
	for _, org := range []string{ours, police, community} {
		c.cases[org+"/"+partner] = c.fill(t, lead, c.refer(t, org))
	}
	return c
}

// sit makes a user of a role in an organisation and signs a device of theirs in.
func (c *city) sit(t *testing.T, org, role string) {
	t.Helper()
	session, err := c.User(ctx(t), role, c.orgs[org])
	if err != nil {
		t.Fatal(err)
	}
	c.seats[org+"/"+role] = harness.NewDevice(session)
}

// at answers the device of a role in an organisation.
func (c *city) at(org, role string) *harness.Device { return c.seats[org+"/"+role] }

// again signs a further device of the same user in.
func (s *scene) again(t *testing.T, who *harness.Device) *harness.Device {
	t.Helper()
	session, err := harness.Login(ctx(t), s.server.URL, who.HTTP, who.Tokens.User.Email, harness.Password)
	if err != nil {
		t.Fatal(err)
	}
	return harness.NewDevice(session)
}

// must pushes mutations that all have to end in one of the statuses given.
func must(t *testing.T, who *harness.Device, statuses string, push ...harness.Mutation) []harness.Result {
	t.Helper()
	results, err := who.Push(ctx(t), push...)
	if err != nil {
		t.Fatal(err)
	}
	for i, result := range results {
		if !contains(statuses, result.Status) {
			t.Fatalf("%s: %s %s ended %+v, want %s", who.Tokens.User.Role, push[i].Op, push[i].Table, result, statuses)
		}
	}
	return results
}

// pull brings a device up to date.
func pull(t *testing.T, who *harness.Device) []harness.Page {
	t.Helper()
	pages, err := who.PullAll(ctx(t))
	if err != nil {
		t.Fatalf("%s pulls: %v", who.Tokens.User.Role, err)
	}
	return pages
}
