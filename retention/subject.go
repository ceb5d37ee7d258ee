package retention

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pursuit/models"
	"pursuit/models/store"
)

// Record is what a program keeps of one person, for that person.
type Record struct {
	PersonID string                       `json:"person_id"`
	MadeAt   string                       `json:"made_at"`
	Merged   []Merged                     `json:"merged"`  // who became this person by a merge
	Tables   map[string][]json.RawMessage `json:"tables"`  // rows as they travel, oldest change first
	Deleted  map[string][]json.RawMessage `json:"deleted"` // rows that were deleted and are not purged yet, as they last were
	Former   map[string][]json.RawMessage `json:"former"`  // rows as they were before they were changed
	Kept     []json.RawMessage            `json:"kept"`    // writes that were merged, refused, wait, stand in quarantine or changed a set or text, as they were sent
	Held     []Held                       `json:"held_by"`
	LeftOut  []string                     `json:"left_out"`
}

// Merged is a person who was merged into another.
type Merged struct {
	PersonID string `json:"person_id"`
	Code     string `json:"code"`
	Into     string `json:"into"`
}

// Held says who could read the person's rows, and from when to when.
type Held struct {
	Name string  `json:"name"` // of an organisation or a member of staff
	From string  `json:"from"`
	To   *string `json:"to"` // null while they can
}

// callsMost is how many persons of one code are told apart in an answer; a program that
// has more of them knows.
const callsMost = 20

// SubjectAccess gathers the record of a person, by id or code, and notes in the audit
// that it was handed out: everything that is kept, also when the person's own row was
// deleted, and of a merged person, the one they are now. What is kept of somebody else, the names, numbers and
// notes of known contacts, is left out unless asked for. The error is not_found for
// nobody and conflict when several persons have the code.
func SubjectAccess(ctx context.Context, s *store.Store, program models.Program, idOrCode string, contacts bool) (Record, error) {
	var out Record
	err := store.InProgram(ctx, s, program.No, func(tx *store.ProgramTx) error {
		found, err := tx.PersonsCalled(idOrCode, callsMost)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return models.NotFound()
		case len(found) > 1:
			return models.E(models.KindConflict, "conflict", "Several persons have this code; name one by id: "+strings.Join(found, ", "))
		}
		if out, err = recordOf(tx, found[0], contacts); err != nil {
			return err
		}
		detail, err := json.Marshal(map[string]string{"person": found[0]})
		if err != nil {
			return fmt.Errorf("write audit: %w", err)
		}
		return tx.Audit(store.AuditEntry{Action: "subject_access", Detail: detail})
	})
	return out, err
}

func recordOf(tx *store.ProgramTx, person string, contacts bool) (Record, error) {
	out := Record{PersonID: person, MadeAt: models.FormatTime(tx.Now), Merged: []Merged{}, Tables: map[string][]json.RawMessage{},
		Deleted: map[string][]json.RawMessage{}, Former: map[string][]json.RawMessage{}, Kept: []json.RawMessage{}, Held: []Held{},
		LeftOut: []string{"who read what, which the audit keeps"}}
	if !contacts {
		out.LeftOut = append(out.LeftOut, "names, numbers and notes of known contacts")
	}
	rows, grants, err := tx.Record(person)
	if err != nil {
		return out, err
	}
	for _, row := range rows {
		if row.Deleted {
			put(out.Deleted, row, contacts)
		} else {
			put(out.Tables, row, contacts)
		}
	}
	former, err := tx.Former(rows)
	if err != nil {
		return out, err
	}
	for _, row := range former {
		put(out.Former, row, contacts)
	}
	if err := errors.Join(out.merge(tx), out.keep(tx, rows, contacts)); err != nil {
		return out, err
	}
	names, err := tx.PrincipalNames()
	out.hold(grants, names)
	return out, err
}

// put adds a row as it travels.
func put(into map[string][]json.RawMessage, row *models.Row, contacts bool) {
	if !contacts {
		row = withoutContact(row)
	}
	into[row.Table.Name] = append(into[row.Table.Name], row.Doc())
}

// keep lists the writes whose text is kept: those of the person's rows, and those that
// made none and name one of them.
func (r *Record) keep(tx *store.ProgramTx, rows []*models.Row, contacts bool) error {
	ids := []string{r.PersonID}
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	list, err := tx.KeptMutations(ids)
	if err != nil {
		return err
	}
	for _, m := range list {
		var body struct {
			Mutation map[string]json.RawMessage `json:"mutation"`
		}
		if json.Unmarshal(m.Body, &body) != nil {
			continue // no mutation, and so nothing of a person
		}
		if !contacts && models.Text(body.Mutation["table"]) == "known_contacts" {
			body.Mutation["set"] = withoutFields(body.Mutation["set"])
		}
		text, err := json.Marshal(body.Mutation)
		if err != nil {
			return fmt.Errorf("write mutation: %w", err)
		}
		r.Kept = append(r.Kept, text)
	}
	return nil
}

// merge lists who became the person.
func (r *Record) merge(tx *store.ProgramTx) error {
	ids, err := tx.MergedPersons([]string{r.PersonID})
	if err != nil {
		return err
	}
	merges, err := tx.Merges(ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		r.Merged = append(r.Merged, Merged{PersonID: id, Code: merges[id].Code, Into: merges[id].Kept})
	}
	return nil
}

// hold lists who held what and when, each interval of each of them once.
func (r *Record) hold(grants []models.Grant, names map[string]string) {
	seen := map[string]bool{}
	slices.SortFunc(grants, func(a, b models.Grant) int {
		return cmp.Or(a.GrantedAt.Compare(b.GrantedAt), cmp.Compare(a.Principal, b.Principal), b.RevokedAt.Compare(a.RevokedAt))
	})
	for _, g := range grants {
		h := Held{Name: cmp.Or(names[g.Principal], g.Principal), From: models.FormatTime(g.GrantedAt)}
		key := g.Principal + h.From
		if !g.Live() {
			to := models.FormatTime(g.RevokedAt)
			h.To, key = &to, key+to
		}
		if !seen[key] {
			seen[key] = true
			r.Held = append(r.Held, h)
		}
	}
}

// ofContacts are the fields of a known contact that belong to the contact.
var ofContacts = []string{"name", "phones", "notes"}

// withoutContact leaves out of a row what belongs to a known contact: of the contact's
// own row, of a conflict over it, which keeps the values that lost, and of what stands in
// quarantine for it.
func withoutContact(row *models.Row) *models.Row {
	var fields []string
	switch {
	case row.Table.Name == "quarantine" && row.Text("table") == "known_contacts":
		row = row.Clone()
		row.Put("set", withoutFields(row.Get("set")))
		return row
	case row.Table.Name == "known_contacts":
		fields = ofContacts
	case row.Table.Name == "conflicts" && row.Text("table") == "known_contacts" && slices.Contains(ofContacts, row.Text("field")):
		fields = []string{"base_value", "kept_value", "lost_value"}
	default:
		return row
	}
	row = row.Clone()
	for _, field := range fields {
		row.Put(field, nil)
	}
	return row
}

// withoutFields leaves what belongs to a contact out of what a mutation sets.
func withoutFields(raw json.RawMessage) json.RawMessage {
	set := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &set) != nil {
		return nil // a deletion sets nothing
	}
	for _, field := range ofContacts {
		delete(set, field)
	}
	text, err := json.Marshal(set)
	if err != nil { // it was decoded from valid JSON
		return nil
	}
	return text
}
