package sync

import (
	"fmt"
	"sort"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/sync/scope"
)

// aheadFrom is how many mutations are worth a statement of their own before the
// transaction ends: fewer cost more on their way to the database than is won.
const aheadFrom = 20

// world is what one transaction knows and has changed: rows, grants and results,
// loaded when they are first asked for and written at the end by flush.
//
// Every change leaves a step that undoes it, so that a mutation (or a group) that
// turns out to be impossible leaves no trace.
type world struct {
	tx *store.ProgramTx

	rows    map[rowKey]*held
	known   map[string]bool // ids of which all rows are loaded
	changed []rowKey        // in the order of first change
	former  []*models.Row

	grants       map[string][]*grant // by bucket
	grantChanges []*grant

	authors map[string]models.Actor
	users   map[string]models.User
	orgs    map[string]models.Org
	members map[string][]models.Membership
	lead    *string
	orgIDs  map[string]bool // every organisation of the program, once asked for

	seen     map[string]store.LoggedMutation
	log      []store.LoggedMutation
	logged   int                        // of log, written ahead
	formed   int                        // of former, written ahead
	deferred map[string]*store.Deferred // added or changed; nil = ended
	anyWait  bool
	order    int64 // of the next deferred mutation

	settled []settled // waiting mutations whose wait ended here

	arrived []string // rows inserted, for which others may wait
	opened  []string // buckets granted to somebody

	server       bool // the server writes of its own accord
	checkSetting SettingCheck

	turned map[string]turn // merged persons that were asked for

	judgeServices map[string]*job // whose attempts may have become of the last resort, or ceased to be
	judgePeople   map[string]*job

	undo []func()
}

type rowKey struct {
	table *models.Table
	id    string
}

// held is a row of the world: as it stands now, and whether the store had its key
// when the transaction began.
type held struct {
	row    *models.Row
	stored bool
	dirty  bool
	ahead  int64 // the version that was written ahead; 0 = none
}

// grant is a grant of the world; dirty when it must be written.
type grant struct {
	models.Grant
	dirty bool
}

func newWorld(tx *store.ProgramTx) *world {
	return &world{judgeServices: map[string]*job{}, judgePeople: map[string]*job{}, turned: map[string]turn{},
		tx: tx, rows: map[rowKey]*held{}, known: map[string]bool{}, grants: map[string][]*grant{},
		authors: map[string]models.Actor{}, users: map[string]models.User{}, orgs: map[string]models.Org{},
		members: map[string][]models.Membership{},
		seen:    map[string]store.LoggedMutation{}, deferred: map[string]*store.Deferred{}, order: tx.Now.UnixMicro()}
}

// mark remembers the present state; rollback returns to it.
func (w *world) mark() (steps int, seq int64) { return len(w.undo), w.tx.Seq() }

func (w *world) rollback(steps int, seq int64) {
	for i := len(w.undo) - 1; i >= steps; i-- {
		w.undo[i]()
	}
	w.undo = w.undo[:steps]
	w.tx.Rewind(seq)
}

// load makes sure that all rows with the ids are known.
func (w *world) load(ids ...string) error {
	var missing []string
	for _, id := range ids {
		if !w.known[id] && models.ValidID(id) {
			w.known[id] = true
			missing = append(missing, id)
		}
	}
	rows, err := w.tx.Rows(missing)
	if err != nil {
		return err
	}
	w.know(nil, rows)
	return nil
}

// row gives a row, deleted ones included, or nil.
func (w *world) row(t *models.Table, id string) (*models.Row, error) {
	if err := w.load(id); err != nil {
		return nil, err
	}
	if h := w.rows[rowKey{t, id}]; h != nil {
		return h.row, nil
	}
	return nil, nil
}

// live gives a row that is not deleted, or nil.
func (w *world) live(t *models.Table, id string) (*models.Row, error) {
	row, err := w.row(t, id)
	if err != nil || row == nil || row.Deleted {
		return nil, err
	}
	return row, nil
}

// put stores a row's new state. The state it had before becomes a former version.
func (w *world) put(row *models.Row) {
	key := rowKey{row.Table, row.ID}
	h := w.rows[key]
	if h == nil {
		w.rows[key] = &held{row: row, dirty: true}
		w.changed = append(w.changed, key)
		w.arrived = append(w.arrived, row.ID)
		w.undo = append(w.undo, func() {
			delete(w.rows, key)
			w.changed = w.changed[:len(w.changed)-1]
			w.arrived = w.arrived[:len(w.arrived)-1]
		})
		return
	}
	before := *h
	if !before.dirty {
		w.changed = append(w.changed, key)
	}
	if before.row.Deleted && !row.Deleted {
		w.arrived = append(w.arrived, row.ID)
	}
	arrived := len(w.arrived)
	w.former = append(w.former, before.row)
	h.row, h.dirty = row, true
	w.undo = append(w.undo, func() {
		*h = before
		w.former = w.former[:len(w.former)-1]
		if !before.dirty {
			w.changed = w.changed[:len(w.changed)-1]
		}
		if before.row.Deleted && !row.Deleted {
			w.arrived = w.arrived[:arrived-1]
		}
	})
}

// loadGrants makes sure that the grants of the buckets are known.
func (w *world) loadGrants(buckets ...string) error {
	var missing []string
	for _, b := range buckets {
		if _, ok := w.grants[b]; !ok && models.ValidID(b) {
			w.grants[b] = nil
			missing = append(missing, b)
		}
	}
	list, err := w.tx.Grants(missing)
	if err != nil {
		return err
	}
	for _, g := range list {
		w.grants[g.Bucket] = append(w.grants[g.Bucket], &grant{Grant: g})
	}
	return nil
}

// grantsOf gives all grants of a bucket, ended ones included.
func (w *world) grantsOf(bucket string) ([]models.Grant, error) {
	if err := w.loadGrants(bucket); err != nil {
		return nil, err
	}
	out := make([]models.Grant, len(w.grants[bucket]))
	for i, g := range w.grants[bucket] {
		out[i] = g.Grant
	}
	return out, nil
}

// give grants a bucket to a principal from now on, unless the same grant stands.
func (w *world) give(principal, bucket, source string) error {
	if principal == "" {
		return nil
	}
	if err := w.loadGrants(bucket); err != nil {
		return err
	}
	for _, g := range w.grants[bucket] {
		if g.Live() && g.Principal == principal && g.Source == source {
			return nil
		}
	}
	g := &grant{dirty: true, Grant: models.Grant{Bucket: bucket, Principal: principal, Source: source,
		Granted: w.tx.Seq(), Revoked: models.Forever, GrantedAt: w.tx.Now}}
	w.grants[bucket] = append(w.grants[bucket], g)
	w.grantChanges = append(w.grantChanges, g)
	w.opened = append(w.opened, bucket)
	w.undo = append(w.undo, func() {
		w.grants[bucket] = w.grants[bucket][:len(w.grants[bucket])-1]
		w.grantChanges = w.grantChanges[:len(w.grantChanges)-1]
		w.opened = w.opened[:len(w.opened)-1]
	})
	return nil
}

// take ends the standing grants of a bucket that match.
func (w *world) take(bucket string, match func(models.Grant) bool) error {
	if err := w.loadGrants(bucket); err != nil {
		return err
	}
	for _, g := range w.grants[bucket] {
		if !g.Live() || !match(g.Grant) {
			continue
		}
		before := *g
		g.Revoked, g.RevokedAt = w.tx.Seq(), w.tx.Now
		if !before.dirty {
			g.dirty = true
			w.grantChanges = append(w.grantChanges, g)
		}
		w.undo = append(w.undo, func() {
			*g = before
			if !before.dirty {
				w.grantChanges = w.grantChanges[:len(w.grantChanges)-1]
			}
		})
	}
	return nil
}

// access computes a writer's access to a bucket.
func (w *world) access(who models.Actor, bucket string) (scope.Access, error) {
	if bucket == who.OrgID || bucket == w.tx.Program.ID {
		return scope.Access{Now: true}, nil
	}
	list, err := w.grantsOf(bucket)
	if err != nil {
		return scope.Access{}, err
	}
	return scope.AccessTo(who, list, func() ([]models.Membership, error) { return w.memberships(who.UserID) })
}

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

// ahead has what the pushes so far changed written while the next ones are decided.
// Nothing of it is undone later: a mutation or group that is impossible was rolled
// back before. A row that changes again is written again.
//
// While mutations wait for rows, everything is left to the end: what settles them
// looks at all of it.
func (w *world) ahead() error {
	if w.anyWait || !w.tx.WritesAhead() || w.tx.Aloft() || len(w.log)-w.logged < aheadFrom {
		return nil
	}
	w.undo = nil
	saved, former, log := w.unsaved(), w.former[w.formed:], w.log[w.logged:]
	w.formed, w.logged = len(w.former), len(w.log)
	return w.tx.Aside(func(tx *store.ProgramTx) error {
		if err := tx.SaveRows(saved, former); err != nil {
			return err
		}
		return tx.LogMutations(log)
	})
}

// unsaved gives the changed rows that are to be written as they stand now.
func (w *world) unsaved() []store.Saved {
	saved := make([]store.Saved, 0, len(w.changed))
	for _, key := range w.changed {
		h := w.rows[key]
		if h.ahead == h.row.V {
			continue
		}
		saved = append(saved, store.Saved{Row: h.row, New: !h.stored && h.ahead == 0})
		h.ahead = h.row.V
	}
	sort.Slice(saved, func(i, j int) bool { return saved[i].Row.V < saved[j].Row.V })
	return saved
}

// flush writes everything that changed and was not written ahead.
func (w *world) flush() error {
	if err := w.judge(); err != nil {
		return err
	}
	if err := w.tx.SaveRows(w.unsaved(), w.former[w.formed:]); err != nil {
		return err
	}
	for _, g := range w.grantChanges {
		if err := w.tx.SaveGrant(g.Grant); err != nil {
			return err
		}
	}
	if err := w.tx.LogMutations(w.log[w.logged:]); err != nil {
		return err
	}
	if err := w.touchReminders(); err != nil {
		return err
	}
	return w.flushDeferred()
}

func (w *world) flushDeferred() error {
	for id, d := range w.deferred {
		var err error
		if d == nil {
			err = w.tx.Undefer(id)
		} else {
			err = w.tx.Defer(*d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
