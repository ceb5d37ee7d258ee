package oracle

import "time"

// standing is how an author stands to the bucket that a mutation writes into.
type standing int

const (
	never standing = iota // unknown, or not visible and never was
	lost                  // once held
	held                  // held now
)

// grant gives a principal (a user or an organisation) a bucket for a reason.
func (o *Oracle) grant(principal, bucket, reason string) {
	if o.grants[principal] == nil {
		o.grants[principal] = map[string]map[string]bool{}
	}
	if o.grants[principal][bucket] == nil {
		o.grants[principal][bucket] = map[string]bool{}
	}
	o.grants[principal][bucket][reason] = true
	for _, user := range o.Users {
		if o.Holds(user, bucket) {
			o.note(user, bucket)
		}
	}
}

// revoke takes one reason away; the bucket stays held while another stands.
func (o *Oracle) revoke(principal, bucket, reason string) {
	delete(o.grants[principal][bucket], reason)
}

func (o *Oracle) note(user *User, bucket string) {
	if o.ever[user.ID] == nil {
		o.ever[user.ID] = map[string]string{}
	}
	o.ever[user.ID][bucket] = user.Org
}

// remember notes all that a user holds at this moment.
func (o *Oracle) remember(user *User) {
	for _, principal := range []string{user.ID, user.Org} {
		for bucket := range o.grants[principal] {
			if o.Holds(user, bucket) {
				o.note(user, bucket)
			}
		}
	}
}

// Holds tells whether a user holds a bucket now: by a grant of their own, as a
// supervisor by their organisation's, or as everyone the program and the
// organisation itself.
func (o *Oracle) Holds(user *User, bucket string) bool {
	if bucket == o.Program || bucket == user.Org {
		return true
	}
	if len(o.grants[user.ID][bucket]) > 0 {
		return true
	}
	return user.Role == Supervisor && len(o.grants[user.Org][bucket]) > 0
}

// EverHeld tells whether a user held a bucket at any time.
func (o *Oracle) EverHeld(user, bucket string) bool { return o.ever[user][bucket] != "" }

// Receives tells whether a role ever receives a table.
func Receives(role, table string) bool {
	switch role {
	case Worker:
		return table != "assessments" && table != "program_events" && table != "disclosures" && table != "conflicts"
	case Manager, Supervisor:
		return true
	}
	return table == "staff" || table == "settings"
}

// granted adds the grants that follow from a row that was inserted.
func (o *Oracle) granted(row *Row) {
	author := o.Users[row.Author]
	switch row.Table {
	case "people":
		o.grant(author.ID, row.Bucket, "creator")
		org := author.Org
		if author.Role == Partner {
			org = o.Lead
		}
		o.grant(org, row.Bucket, "creator's organisation")
	case "services":
		person, org := row.Text("person_id"), row.Text("org_id")
		o.grant(org, row.Bucket, "service "+row.ID)
		o.grant(org, person, "service "+row.ID)
		if author.Org == org && author.Role == Manager {
			o.grant(author.ID, row.Bucket, "creator of "+row.ID)
			o.grant(author.ID, person, "creator of "+row.ID)
		}
		if author.Role == Worker {
			o.assign(&Assignment{Service: row.ID, User: author.ID, Role: Worker, From: row.made})
		}
	case "assignments":
		o.assign(&Assignment{ID: row.ID, Service: row.Text("service_id"), User: row.Text("user_id"), Role: row.Text("role"), From: row.made})
	}
}

func (o *Oracle) assign(a *Assignment) {
	o.Assignments = append(o.Assignments, a)
	reason := o.reason(a)
	o.grant(a.User, a.Service, reason)
	o.grant(a.User, o.personOf(a.Service), reason)
}

func (o *Oracle) reason(a *Assignment) string {
	if a.ID != "" {
		return "assignment " + a.ID
	}
	return "own service " + a.Service
}

func (o *Oracle) personOf(service string) string {
	return o.Rows[Key{"services", service}].Text("person_id")
}

// within tells whether a moment lies in an assignment of the user that ended.
func (o *Oracle) within(user, service string, at time.Time) bool {
	for _, a := range o.Assignments {
		if a.Ended && a.User == user && a.Service == service && !at.Before(a.From) && !at.After(a.To) {
			return true
		}
	}
	return false
}

// End ends an assignment; what its user holds as who opened the service goes with it, and a worker's grant as creator of the person goes with the
// last live assignment on that person.
func (o *Oracle) End(a *Assignment, at time.Time) {
	if a.Ended {
		return
	}
	a.Ended, a.To = true, at
	person, reason := o.personOf(a.Service), o.reason(a)
	o.revoke(a.User, a.Service, reason)
	o.revoke(a.User, a.Service, "creator of "+a.Service)
	o.revoke(a.User, person, "creator of "+a.Service)
	o.revoke(a.User, person, reason)
	if o.Users[a.User].Role != Worker {
		return
	}
	for _, other := range o.Assignments {
		if !other.Ended && other.User == a.User && o.personOf(other.Service) == person {
			return
		}
	}
	o.revoke(a.User, person, "creator")
}
