package sync

import (
	"encoding/json"

	"pursuit/models"
	"pursuit/sync/merge"
)

// own gives, of the sets and texts that the edit's device sent before and that then
// became mixtures, what it sent: it has not seen more of them.
func (w *world) own(row *models.Row, e merge.Edit) (map[int]json.RawMessage, error) {
	var out map[int]json.RawMessage
	for i := range e.Values {
		f := &row.Table.Fields[i]
		last := row.Meta.Writer(f.Name)
		if !last.Mixed || last.V <= e.Base || !last.Same(e.By) {
			continue
		}
		body, err := w.loggedBody(last.Mutation)
		if err != nil {
			return nil, err
		}
		sent, ok := sentIn(body, f)
		if ok && out == nil {
			out = map[int]json.RawMessage{}
		}
		if ok {
			out[i] = sent
		}
	}
	return out, nil
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
