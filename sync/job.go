package sync

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"sort"
	"time"

	"pursuit/models"
)

// job is one mutation on its way through the engine.
type job struct {
	models.Mutation
	who      models.Actor // with the role the author has now
	device   string
	at       time.Time // corrected
	offset   time.Duration
	suspect  bool
	received time.Time
	releaser models.Actor // who released it
	released bool         // a supervisor let it out of quarantine: access is not asked again
	hash     []byte
	raw      json.RawMessage
	order    int64

	sent   *models.Mutation // as its author sent it, when it was turned to another person
	from   string           // the merged person that it was turned from; "" = none
	joined int64            // when its row became that person's; 0 = its row is as sent
}

// stored is how a job is kept while it waits or stands in quarantine.
type stored struct {
	Mutation models.Mutation `json:"mutation"`
	Device   string          `json:"device"`
	At       int64           `json:"at"`       // corrected, milliseconds
	Offset   int64           `json:"offset"`   // milliseconds
	Suspect  bool            `json:"suspect"`  // the device's clock was far off
	Received int64           `json:"received"` // milliseconds
}

func (j *job) body() []byte {
	m := j.Mutation
	if j.sent != nil {
		m = *j.sent
	}
	b, err := json.Marshal(stored{Mutation: m, Device: j.device, At: j.at.UnixMilli(),
		Offset: j.offset.Milliseconds(), Suspect: j.suspect, Received: j.received.UnixMilli()})
	if err != nil { // raw messages that were valid JSON always marshal
		return []byte("{}")
	}
	return b
}

// revive reads a kept job back, as its author's.
func revive(body []byte, author models.Actor) (*job, error) {
	var s stored
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, err
	}
	return &job{Mutation: s.Mutation, who: author, device: s.Device, at: time.UnixMilli(s.At).UTC(),
		offset: time.Duration(s.Offset) * time.Millisecond, suspect: s.Suspect, received: time.UnixMilli(s.Received).UTC()}, nil
}

// newJob prepares the item of a push at a place for the engine.
func (w *world) newJob(p *pending, place int, who models.Actor) *job {
	w.order++
	it := &p.items[place]
	j := &job{Mutation: it.Mutation, who: who, device: p.who.DeviceID, offset: p.clock.offset, suspect: p.clock.suspect,
		received: p.arrived, raw: it.Raw, order: w.order}
	j.at = j.received
	if t, ok := models.ParseTime(it.At); ok {
		j.at = p.clock.correct(t, w.tx.Now)
	}
	if len(p.hashes) > 0 {
		j.hash = p.hashes[place]
	} else {
		j.hash = fingerprint(who.UserID, it.Mutation)
	}
	return j
}

// writer is how the job is remembered at the fields it writes.
func (j *job) writer(v int64) models.Writer {
	return models.Writer{V: v, Device: j.device, User: j.who.UserID, Role: j.who.Role, At: j.at.UnixMilli(), Mutation: j.ID}
}

// fingerprint is a hash of a mutation's author and content that does not depend on
// the order of keys: the same id with another fingerprint is another mutation.
func fingerprint(author string, m models.Mutation) []byte {
	h := sha256.New()
	for _, s := range []string{author, m.Table, m.Row, string(m.Op), m.At, m.Group} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	h.Write(models.IntValue(m.Base))
	names := make([]string, 0, len(m.Set))
	for name := range m.Set {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		h.Write([]byte{0})
		h.Write([]byte(name))
		h.Write([]byte{0})
		h.Write(compact(m.Set[name]))
	}
	return h.Sum(nil)[:16]
}

// compact writes a value without white space, objects with their keys sorted.
func compact(raw json.RawMessage) []byte {
	if len(raw) > 0 && (raw[0] == '{' || raw[0] == '[') {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil {
			if b, err := json.Marshal(v); err == nil {
				return b
			}
		}
	}
	return raw
}

// frame checks what every mutation must have and finds its table.
func (j *job) frame(fault *models.Rejection) (*models.Table, *models.Rejection) {
	if fault != nil {
		return nil, fault
	}
	t := models.Tables.Table(j.Table)
	switch {
	case t == nil:
		return nil, models.Reject(models.CodeUnknownTable, "table", "there is no such table")
	case !models.ValidID(j.Row):
		return t, models.Reject(models.CodeInvalidValue, "row", "must be a lower-case UUID")
	case j.Op != models.OpInsert && j.Op != models.OpPatch && j.Op != models.OpDelete:
		return t, models.Reject(models.CodeInvalidValue, "op", "must be insert, patch or delete")
	case j.Base < 0:
		return t, models.Reject(models.CodeInvalidValue, "base", "must not be negative")
	}
	if j.At != "" {
		if _, ok := models.ParseTime(j.At); !ok {
			return t, models.Reject(models.CodeInvalidValue, "at", "must be an RFC 3339 timestamp")
		}
	}
	return t, nil
}

// values checks the fields of a mutation and gives them in canonical form.
func (j *job) values(t *models.Table) (map[int]json.RawMessage, *models.Rejection) {
	out := make(map[int]json.RawMessage, len(j.Set))
	if j.Op == models.OpDelete {
		return out, nil
	}
	names := make([]string, 0, len(j.Set))
	for name := range j.Set {
		names = append(names, name)
	}
	sort.Strings(names) // so that the fault named is always the same one
	for _, name := range names {
		i := t.Field(name)
		switch {
		case name == "id" || name == "_v" || name == "_b":
			return nil, models.Reject(models.CodeReadOnlyField, name, "is set by the server")
		case i < 0:
			return nil, models.Reject(models.CodeUnknownField, clip(name), "there is no such field")
		case t.Fields[i].ReadOnly:
			return nil, models.Reject(models.CodeReadOnlyField, name, "is set by the server")
		}
		if t.Fields[i].MeansNow && present(j.Set[name]) {
			out[i] = models.TimeValue(j.at)
			continue
		}
		v, fault := models.Canon(&t.Fields[i], j.Set[name])
		if fault != "" {
			return nil, models.Reject(models.CodeInvalidValue, name, fault)
		}
		if v == nil && t.Fields[i].Required {
			return nil, models.Reject(models.CodeMissingField, name, "must have a value")
		}
		out[i] = v
	}
	return out, j.required(t, out)
}

func (j *job) required(t *models.Table, have map[int]json.RawMessage) *models.Rejection {
	if j.Op != models.OpInsert {
		return nil
	}
	for i := range t.Fields {
		if _, sent := have[i]; t.Fields[i].Required && !sent {
			return models.Reject(models.CodeMissingField, t.Fields[i].Name, "must have a value")
		}
	}
	return nil
}

const fieldNameMax = 64 // of an unknown field's name, in an answer

// clip gives an unknown field's name back only if it looks like a field's name.
func clip(name string) string {
	if len(name) > fieldNameMax {
		return "set"
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return "set"
		}
	}
	return name
}
