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

// woven gives, of the texts of an edit, the edits that came after its base. A text of
// which not all can be told has none: then its author's view and what stands are all
// there is to go by.
func (w *world) woven(row *models.Row, e merge.Edit) (map[int][]merge.Woven, error) {
	out := map[int][]merge.Woven{}
	for i := range e.Values {
		f := &row.Table.Fields[i]
		if f.Policy != models.PolicyText || e.Joined > 0 || row.Meta.Writer(f.Name).V <= e.Base {
			continue
		}
		list, err := w.wovenInto(row, i, e.Base)
		if err != nil {
			return nil, err
		}
		out[i] = list
	}
	return out, nil
}

func (w *world) wovenInto(row *models.Row, i int, base int64) ([]merge.Woven, error) {
	var out []merge.Woven
	f := &row.Table.Fields[i]
	for _, edit := range row.Meta.Texts[f.Name] {
		if edit.V <= base {
			continue
		}
		body, err := w.loggedBody(edit.Mutation)
		if err != nil {
			return nil, err
		}
		sent, known := sentIn(body, f)
		before, seen, err := w.textBefore(row, i, edit, out)
		if err != nil || !known || !seen {
			return nil, err
		}
		out = append(out, merge.Woven{By: edit.Writer, Base: edit.Base, Before: before, Sent: models.Text(sent)})
	}
	return out, nil
}

// textBefore gives a text as the device of an edit knew it: as it had sent it before, or
// as it stood at the edit's base.
func (w *world) textBefore(row *models.Row, i int, edit models.TextEdit, earlier []merge.Woven) (string, bool, error) {
	for n := len(earlier) - 1; n >= 0; n-- {
		if own := earlier[n]; own.By.Same(edit.Writer) && own.By.V > edit.Base {
			return own.Sent, true, nil
		}
	}
	then, err := w.before(row, edit.Base)
	if err != nil || then == nil || i >= len(then.Values) {
		return "", false, err
	}
	return models.Text(then.Values[i]), true, nil
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
