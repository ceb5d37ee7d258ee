package sync

import (
	"fmt"

	"pursuit/models"
	"pursuit/models/store"
)

// memberships gives a user's memberships, loaded once.
func (w *world) memberships(user string) ([]models.Membership, error) {
	if list, ok := w.members[user]; ok {
		return list, nil
	}
	list, err := w.tx.Memberships(user)
	if err == nil {
		w.members[user] = list
	}
	return list, err
}

// author gives a user as an actor, with the role and organisation they have now.
func (w *world) author(id string) (models.Actor, error) {
	if a, ok := w.authors[id]; ok {
		return a, nil
	}
	list, err := w.tx.Authors([]string{id})
	if err != nil {
		return models.Actor{}, err
	}
	a, ok := list[id]
	if !ok {
		return a, fmt.Errorf("author %s is not a user of the program", id)
	}
	w.authors[id] = a
	return a, nil
}

// user gives a user of the program, and false when there is none.
func (w *world) user(id string) (models.User, bool, error) {
	if u, ok := w.users[id]; ok {
		return u, true, nil
	}
	u, err := w.tx.User(w.tx.Program.No, id)
	if known := models.AsError(err); known != nil && known.Kind == models.KindNotFound {
		return u, false, nil
	}
	if err == nil {
		w.users[id] = u
	}
	return u, err == nil, err
}

// org gives an organisation of the program, and false when there is none.
func (w *world) org(id string) (models.Org, bool, error) {
	if o, ok := w.orgs[id]; ok {
		return o, true, nil
	}
	o, err := w.tx.Org(w.tx.Program.No, id)
	if known := models.AsError(err); known != nil && known.Kind == models.KindNotFound {
		return o, false, nil
	}
	if err == nil {
		w.orgs[id] = o
	}
	return o, err == nil, err
}

// bucketTaken tells whether an id is a bucket already: the program's, an
// organisation's, or that of a row of another table. A row that is its own bucket
// must never get the id of one, or it would be held by who holds that.
func (w *world) bucketTaken(id string) (bool, error) {
	if id == w.tx.Program.ID || id == store.NoPrincipal {
		return true, nil
	}
	if w.orgIDs == nil {
		ids, err := w.tx.OrgIDs()
		if err != nil {
			return false, err
		}
		w.orgIDs = ids
	}
	if w.orgIDs[id] {
		return true, nil
	}
	if err := w.loadGrants(id); err != nil {
		return false, err
	}
	return len(w.grants[id]) > 0, nil
}

// leadOrg gives the id of the lead organisation, "" when there is none.
func (w *world) leadOrg() (string, error) {
	if w.lead == nil {
		id, err := w.tx.LeadOrg()
		if err != nil {
			return "", err
		}
		w.lead = &id
	}
	return *w.lead, nil
}
