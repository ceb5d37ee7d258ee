package oracle

import "time"

// Roles that the simulation uses.
const (
	Worker     = "outreach_worker"
	Manager    = "case_manager"
	Supervisor = "supervisor"
	Partner    = "referral_partner"
	Director   = "director"
)

// Key names a row.
type Key struct{ Table, ID string }

// User is a person with their present role and organisation.
type User struct{ ID, Org, Role string }

// Mutation is one write as its device meant it.
type Mutation struct {
	ID, Table, Row, Op string
	// Base is the count of the row's changes that the device had seen.
	Base int
	// At is the true time of the edit.
	At  time.Time
	Set map[string]any
	// Author and Device are the user and the device that made it.
	Author, Device string
	// InTime marks an attempt that happened while its author held the case.
	InTime bool
}

// Verdict is what the server must answer to a mutation.
type Verdict struct {
	Status, Code string
	// Also lists a second status the contract leaves open, "" when there is none.
	Also string
	// Duplicate tells that the mutation had been taken before.
	Duplicate bool
	// Conflicts counts the conflict records it must name.
	Conflicts int
}

// Oracle is the state of one program.
type Oracle struct {
	Program, Lead string
	Users         map[string]*User
	Rows          map[Key]*Row
	Conflicts     []*Conflict
	Held          []*Held
	Events        []Event
	Assignments   []*Assignment
	// Defaults are what an insert that leaves a field out gets, by table and field.
	Defaults map[string]map[string]any

	waiting  []Mutation
	moved    map[Key]time.Time // when deferred rows were let in
	verdicts map[string]Verdict
	grants   map[string]map[string]map[string]bool // principal, bucket, reason
	ever     map[string]map[string]string          // user, bucket: the organisation as whose member they held it last
}

// Conflict is a value that lost, docs/protocol.md section 5.
type Conflict struct {
	Key
	Field, Policy, LostBy, Bucket, State string
	Kept, Lost                           any
	// ServerID is the id under which a device first saw it.
	ServerID string

	count int // of the row's changes when it arose
}

// Held is a quarantined mutation.
type Held struct {
	Mutation
	State string
}

// Event is one change of a service's status.
type Event struct{ Service, From, To, By string }

// Assignment ties a user to a service until it ended.
type Assignment struct {
	ID, Service, User, Role string
	Ended                   bool
	From, To                time.Time // as the row tells
}

// New makes the oracle of an empty program.
func New(program, lead string) *Oracle {
	return &Oracle{Program: program, Lead: lead, Users: map[string]*User{}, Rows: map[Key]*Row{}, moved: map[Key]time.Time{},
		verdicts: map[string]Verdict{}, grants: map[string]map[string]map[string]bool{}, ever: map[string]map[string]string{}}
}

// AddUser makes a user known.
func (o *Oracle) AddUser(user User) {
	o.Users[user.ID] = &user
	o.remember(o.Users[user.ID])
}

// MoveUser gives a user another role and organisation.
func (o *Oracle) MoveUser(id, role, org string) {
	user := o.Users[id]
	user.Role, user.Org = role, org
	o.remember(user)
	o.awake()
}

// Verdict answers the first verdict of a mutation that was taken.
func (o *Oracle) Verdict(id string) (Verdict, bool) {
	verdict, ok := o.verdicts[id]
	return verdict, ok
}

// Waiting counts the mutations that are deferred.
func (o *Oracle) Waiting() int { return len(o.waiting) }

// Apply takes one mutation, once, and answers what the server must answer.
func (o *Oracle) Apply(m Mutation) Verdict {
	if first, ok := o.verdicts[m.ID]; ok {
		first.Duplicate = true
		return first
	}
	verdict := o.judge(m)
	o.verdicts[m.ID] = verdict
	switch verdict.Status {
	case "deferred":
		o.waiting = append(o.waiting, m)
	case "quarantined":
		o.hold(m)
	case "applied", "merged":
		o.awake()
	}
	return verdict
}

// ApplyGroup takes the mutations of one group: all apply or none does. The oracle
// knows groups whose members are all writable, or all not.
func (o *Oracle) ApplyGroup(group []Mutation) []Verdict {
	verdicts := make([]Verdict, len(group))
	for i, m := range group {
		verdicts[i] = o.Apply(m)
	}
	return verdicts
}

// awake applies what was deferred and may now be written, until nothing moves.
func (o *Oracle) awake() {
	for moved := true; moved; {
		moved = false
		for i, m := range o.waiting {
			if o.standing(m) != held {
				continue
			}
			o.waiting = append(o.waiting[:i:i], o.waiting[i+1:]...)
			o.write(m)
			o.moved[Key{m.Table, m.Row}] = time.Now()
			moved = true
			break
		}
	}
}

func (o *Oracle) hold(m Mutation) {
	h := &Held{Mutation: m, State: "open"}
	o.Held = append(o.Held, h)
	o.grant(m.Author, h.bucket(), "author")
	org := o.Users[m.Author].Org
	if through := o.ever[m.Author][o.target(m)]; through != "" {
		org = through
	}
	o.grant(org, h.bucket(), "author's organisation")
}

// bucket names a quarantine row's bucket before its server-made id is known.
func (h *Held) bucket() string { return "quarantine of " + h.ID }
