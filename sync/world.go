package sync

import (
	"pursuit/models"
	"pursuit/models/store"
)

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
