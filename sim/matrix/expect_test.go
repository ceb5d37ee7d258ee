package matrix

import (
	"testing"

	"pursuit/sim/harness"
)

// where is whose thing a call speaks of.
type where string

const (
	own     where = "own"     // the caller's organisation's
	other   where = "other"   // another organisation's of the same program
	foreign where = "foreign" // another program's
	random  where = "random"  // nobody's
)

func wheres() []where { return []where{own, other, foreign, random} }

// ask is one request of an operation.
type ask struct {
	path string
	body any
	as   *harness.Client // in place of the caller
	echo string          // the id asked for: an answer may repeat it
}

// probe asks an operation for somebody's thing at one of its places for ids.
type probe struct {
	make func(t *testing.T, s *scene, who *harness.Device, at where) ask
	// seen tells which targets a role is answered about; roles not named see their own.
	seen map[string]string
	// hidden is the status of all others, 0 where the contract names none; they are
	// answered alike in any case.
	hidden int
	// loose asks for no likeness: the answers only must not tell of others.
	loose bool
}

func (p probe) sees(role string, at where) bool {
	if words, ok := p.seen[role]; ok {
		return contains(words, string(at))
	}
	return at == own
}

// rule is what the contract says of one operation.
type rule struct {
	who   []string // the roles that may; nil is every role
	ok    int      // the status of success
	plain func(t *testing.T, s *scene, who *harness.Device) ask
	at    map[string]probe
	// open names the places for ids that need no probe, with the reason.
	open map[string]string
}

func (r rule) may(role string) bool {
	if r.who == nil {
		return true
	}
	for _, allowed := range r.who {
		if allowed == role {
			return true
		}
	}
	return false
}

// get is a plain call without a body.
func get(path string) func(*testing.T, *scene, *harness.Device) ask {
	return func(*testing.T, *scene, *harness.Device) ask { return ask{path: path} }
}

// send is a plain call with the same body for everybody.
func send(path string, body any) func(*testing.T, *scene, *harness.Device) ask {
	return func(*testing.T, *scene, *harness.Device) ask { return ask{path: path, body: body} }
}

// filter probes a query parameter: its value stands at the end of the path.
func filter(path string, of func(s *scene, who *harness.Device, at where) string) probe {
	return probe{make: func(_ *testing.T, s *scene, who *harness.Device, at where) ask {
		id := of(s, who, at)
		return ask{path: path + id, echo: id}
	}}
}

func (p probe) and(seen map[string]string, hidden int) probe {
	p.seen, p.hidden = seen, hidden
	return p
}

// caseOf answers the case at a place, nil for a random one. A partner's own is the
// one that they referred.
func (s *scene) caseOf(who *harness.Device, at where) *dossier {
	key := ours
	if who.Tokens.User.Role == partner {
		key = ours + "/" + partner
	}
	switch at {
	case own:
		return s.home.cases[key]
	case other:
		return s.home.cases[theirs]
	case foreign:
		return s.abroad.cases[ours]
	}
	return nil
}

func service(s *scene, who *harness.Device, at where) string {
	if d := s.caseOf(who, at); d != nil {
		return d.service
	}
	return harness.NewID()
}

func person(s *scene, who *harness.Device, at where) string {
	if d := s.caseOf(who, at); d != nil {
		return d.person
	}
	return harness.NewID()
}

// seat answers somebody at a place: the worker of the organisation, nil for nobody.
func (s *scene) seat(at where) *harness.Device {
	switch at {
	case own:
		return s.home.at(ours, worker)
	case other:
		return s.home.at(theirs, worker)
	case foreign:
		return s.abroad.at(ours, worker)
	}
	return nil
}

func user(s *scene, _ *harness.Device, at where) string {
	if found := s.seat(at); found != nil {
		return found.Tokens.User.ID
	}
	return harness.NewID()
}

// self is like user, but the caller's own is the caller.
func self(s *scene, who *harness.Device, at where) string {
	if at == own {
		return who.Tokens.User.ID
	}
	return user(s, who, at)
}

func phone(s *scene, _ *harness.Device, at where) string {
	if found := s.seat(at); found != nil {
		return found.DeviceID
	}
	return harness.NewID()
}

func organisation(s *scene, _ *harness.Device, at where) string {
	switch at {
	case own:
		return s.home.orgs[ours]
	case other:
		return s.home.orgs[theirs]
	case foreign:
		return s.abroad.orgs[ours]
	}
	return harness.NewID()
}
