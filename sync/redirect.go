package sync

import (
	"bytes"
	"maps"

	"pursuit/models"
	"pursuit/sync/scope"
)

// turn is where a person's id leads: to the person it was merged into, since a number.
type turn struct {
	to string // "" = nowhere
	at int64
}

// redirect turns a mutation that speaks of a merged person to the person they are
// now: a patch of the person, and whatever names them as person_id. A delete is not
// turned: whoever deletes one entry does not mean the other.
// Source: docs/adr/0009-merging-people.md.
func (w *world) redirect(j *job, t *models.Table) error {
	if t.Name == "people" {
		if j.Op != models.OpPatch {
			return nil
		}
		where, err := w.turnOf(j.Row)
		if err == nil && where.to != "" {
			j.turnFrom(j.Row)
			j.Row, j.joined = where.to, where.at
		}
		return err
	}
	raw, sent := j.Set["person_id"]
	if !sent || t.Field("person_id") < 0 {
		return nil
	}
	person := models.Text(bytes.TrimSpace(raw))
	where, err := w.turnOf(person)
	if err == nil && where.to != "" {
		j.turnFrom(person)
		j.Set = maps.Clone(j.Set)
		j.Set["person_id"], j.fields = models.Quote(where.to), nil
	}
	return err
}

// turnFrom remembers the mutation as it was sent.
func (j *job) turnFrom(person string) {
	if j.sent == nil {
		sent := j.Mutation
		j.sent = &sent
	}
	j.from = person
}

// turnOf tells where a person's id leads. A person who is there leads nowhere, so that
// most mutations ask the database nothing.
func (w *world) turnOf(person string) (turn, error) {
	if !models.ValidID(person) {
		return turn{}, nil
	}
	if row, err := w.live(models.Tables.Table("people"), person); row != nil || err != nil {
		return turn{}, err
	}
	if known, ok := w.turned[person]; ok {
		return known, nil
	}
	to, at, err := w.tx.MergedInto(person)
	if err == nil {
		w.turned[person] = turn{to, at}
	}
	return turn{to, at}, err
}

// accessOf is what the author of a job may do with a bucket. Who never held the
// person that a merged one became is judged by what they held of the merged one.
func (w *world) accessOf(j *job, bucket string) (scope.Access, error) {
	access, err := w.access(j.who, bucket)
	if err != nil || j.from == "" || access.Ever() {
		return access, err
	}
	return w.access(j.who, j.from)
}

// knownTo gives the row that a patch speaks of as its author had last seen it.
func (w *world) knownTo(j *job, row *models.Row) (*models.Row, error) {
	if j.joined == 0 {
		return w.before(row, j.Base)
	}
	if j.Base == 0 {
		return nil, nil
	}
	return w.tx.VersionAt(row.Table, j.from, j.Base)
}
