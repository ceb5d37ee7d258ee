package sync

import (
	"encoding/json"
	"time"

	"pursuit/models"
)

// job is one mutation on its way through the engine.
type job struct {
	models.Mutation
	who      models.Actor // with the role the author has now
	device   string
	at       time.Time // corrected
	offset   int64     // milliseconds
	suspect  bool
	received time.Time
	releaser models.Actor // who released it
	released bool         // a supervisor let it out of quarantine: access is not asked again
	hash     []byte
	fields   []sentField // of Set, once read
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
		Offset: j.offset, Suspect: j.suspect, Received: j.received.UnixMilli()})
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
		offset: s.Offset, suspect: s.Suspect, received: time.UnixMilli(s.Received).UTC()}, nil
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
	if len(p.read) == 0 {
		p.read = readItems(p.who.UserID, p.items)
	}
	j.hash, j.fields = p.read[place].hash, p.read[place].fields
	return j
}

// writer is how the job is remembered at the fields it writes.
func (j *job) writer(v int64) models.Writer {
	return models.Writer{V: v, Device: j.device, User: j.who.UserID, Role: j.who.Role, At: j.at.UnixMilli(), Mutation: j.ID}
}

// frame checks what every mutation must have and finds its table.
func (j *job) frame(fault *models.Rejection) (*models.Table, *models.Rejection) {
	t := models.Tables.Table(j.Table)
	switch {
	case fault != nil:
		return t, fault
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
	if j.fields == nil {
		j.fields = readFields(t, j.Set)
	}
	for i := range j.fields { // by name, so that the fault named is always the same one
		f := &j.fields[i]
		switch {
		case f.name == "id" || f.name == "_v" || f.name == "_b":
			return nil, models.Reject(models.CodeReadOnlyField, f.name, "is set by the server")
		case f.place < 0:
			return nil, models.Reject(models.CodeUnknownField, clip(f.name), "there is no such field")
		case t.Fields[f.place].ReadOnly:
			return nil, models.Reject(models.CodeReadOnlyField, f.name, "is set by the server")
		}
		if t.Fields[f.place].MeansNow && present(f.raw) {
			out[f.place] = models.TimeValue(j.at)
			continue
		}
		if f.fault != "" {
			return nil, models.Reject(models.CodeInvalidValue, f.name, f.fault)
		}
		if f.value == nil && t.Fields[f.place].Required {
			return nil, models.Reject(models.CodeMissingField, f.name, "must have a value")
		}
		out[f.place] = f.value
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
