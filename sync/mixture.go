package sync

import (
	"cmp"
	"encoding/json"
	"slices"

	"pursuit/models"
	"pursuit/sync/merge"
)

// own gives, of the sets and texts of an edit, what its device sent of them since it
// had seen the row, where others' changes stand in them now: that, and not the row at
// its base, is what the device goes on from.
func (w *world) own(row *models.Row, e merge.Edit) (map[int]json.RawMessage, error) {
	var out map[int]json.RawMessage
	for i := range e.Values {
		f := &row.Table.Fields[i]
		last := row.Meta.Writer(f.Name)
		if !f.Mixes() || last.V <= e.Base || last.Same(e.By) && !last.Mixed {
			continue
		}
		sent, ok, err := w.lastSent(row.Meta, f, e)
		if err != nil {
			return nil, err
		}
		if ok && out == nil {
			out = map[int]json.RawMessage{}
		}
		if ok {
			out[i] = sent
		}
	}
	return out, nil
}

// mayMix tells whether a mutation is a patch of a set or text. What an insert sent is in
// the row's first version.
func mayMix(j *job) bool {
	t := models.Tables.Table(j.Table)
	if j.Op != models.OpPatch || t == nil {
		return false
	}
	for name := range j.Set {
		if i := t.Field(name); i >= 0 && t.Fields[i].Mixes() {
			return true
		}
	}
	return false
}

// lastSent reads what the edit's device last sent of a field after the edit's base,
// from the mutations of its that the row remembers.
func (w *world) lastSent(meta models.Meta, f *models.Field, e merge.Edit) (json.RawMessage, bool, error) {
	own := slices.Clone(meta.Writers)
	own = slices.DeleteFunc(own, func(by models.Writer) bool {
		return by.V <= e.Base || by.V < e.Joined || by.Mutation == "" || !by.Same(e.By)
	})
	slices.SortFunc(own, func(a, b models.Writer) int { return cmp.Compare(b.V, a.V) })
	for _, by := range own {
		body, err := w.loggedBody(by.Mutation)
		if err != nil {
			return nil, false, err
		}
		if sent, ok := sentIn(body, f); ok {
			return sent, true, nil
		}
	}
	return nil, false, nil
}

// loggedBody gives a mutation as it was kept, in this transaction or before.
func (w *world) loggedBody(id string) ([]byte, error) {
	for i := len(w.log) - 1; i >= 0; i-- {
		if w.log[i].ID == id {
			return w.log[i].Body, nil
		}
	}
	return w.tx.MutationBody(id)
}

// sentIn reads what a kept mutation sent of a field.
func sentIn(body []byte, f *models.Field) (json.RawMessage, bool) {
	var s stored
	if json.Unmarshal(body, &s) != nil {
		return nil, false
	}
	raw, ok := s.Mutation.Set[f.Name]
	if !ok {
		return nil, false
	}
	v, fault := models.Canon(f, raw)
	return v, fault == ""
}
