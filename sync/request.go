package sync

import (
	"bytes"
	"encoding/json"
	"time"

	"pursuit/models"
)

// Limits of one request (docs/protocol.md, section 2).
const (
	Protocol      = 1
	MutationsMax  = 1000
	BucketsMax    = 1000 // buckets asked for by name in one pull
	PageDefault   = 1000
	PageMax       = 5000
	groupNameMax  = 100
	faultsMax     = 20 // faults listed in one answer
	tablesListMax = 100
)

// Request is one POST /v1/sync, decoded. Push and Pull may each be absent.
type Request struct {
	Schema     int // the app's schema; 0 = the newest
	DeviceTime time.Time
	Push       []Item
	Pull       *PullRequest
}

// Item is one mutation as it came. Fault is set when its frame is not usable: then
// it is rejected, and stored as it came.
type Item struct {
	models.Mutation
	Fault *models.Rejection
	Raw   json.RawMessage
}

// PullRequest is the pull half of a request.
type PullRequest struct {
	Cursor   string   // empty = from nothing
	Limit    int      // rows a page
	Tables   []string // nil = all
	Buckets  []string // nil = the stream; else those buckets whole (section 8)
	Backfill int      // from_schema; 0 = none (section 9)
}

// wireRequest is the frame of a request.
type wireRequest struct {
	Protocol   json.RawMessage `json:"protocol"`
	Schema     json.RawMessage `json:"schema"`
	DeviceTime json.RawMessage `json:"device_time"`
	Push       json.RawMessage `json:"push"`
	Pull       json.RawMessage `json:"pull"`
}

// Decode reads the body of POST /v1/sync. The body is valid JSON within the limits
// of size and depth. The error is a *models.Error of the whole request; what is
// wrong with a single mutation stands in its Item.
func Decode(body []byte) (Request, error) {
	var w wireRequest
	if err := json.Unmarshal(body, &w); err != nil {
		return Request{}, models.E(models.KindBadRequest, "bad_json", "The body is not a JSON object.")
	}
	var req Request
	if number, ok := wholeNumber(w.Protocol); !ok || number != Protocol {
		return req, &models.Error{Kind: models.KindInvalid, Code: "unsupported_protocol", Text: "This server speaks protocol 1.",
			Faults: []models.FieldFault{{Location: "body.protocol", Message: "must be 1"}}}
	}
	if present(w.Schema) {
		number, ok := wholeNumber(w.Schema)
		if !ok || number < 1 || number > 1_000_000 {
			return req, models.Invalid("body.schema", "must be a whole number from 1")
		}
		req.Schema = int(number)
	}
	if err := req.deviceTime(w.DeviceTime); err != nil {
		return req, err
	}
	if err := req.push(w.Push); err != nil {
		return req, err
	}
	return req, req.pull(w.Pull)
}

func (r *Request) deviceTime(raw json.RawMessage) error {
	if !present(raw) {
		return nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return models.Invalid("body.device_time", "must be an RFC 3339 timestamp")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return models.Invalid("body.device_time", "must be an RFC 3339 timestamp")
	}
	r.DeviceTime = t.UTC()
	return nil
}

func (r *Request) push(raw json.RawMessage) error {
	if !present(raw) {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return models.Invalid("body.push", "must be an array of mutations")
	}
	if len(items) > MutationsMax {
		return &models.Error{Kind: models.KindInvalid, Code: "too_many_mutations", Text: "At most 1000 mutations a request.",
			Faults: []models.FieldFault{{Location: "body.push", Message: "must have at most 1000 entries"}}}
	}
	r.Push = make([]Item, len(items))
	bad := &models.Error{Kind: models.KindInvalid, Code: "invalid_request", Text: "A mutation has no usable id."}
	for i, item := range items {
		if !r.Push[i].decode(item) && len(bad.Faults) < faultsMax {
			bad.Faults = append(bad.Faults, models.FieldFault{Location: place("body.push", i, "id"), Message: "must be a lower-case UUID"})
		}
	}
	if len(bad.Faults) > 0 {
		return bad
	}
	return nil
}

// decode reads one mutation and tells whether its id is usable.
func (it *Item) decode(raw json.RawMessage) bool {
	it.Raw = raw
	if json.Unmarshal(raw, &it.Mutation) == nil {
		if len(it.Group) > groupNameMax {
			it.Fault = models.Reject(models.CodeInvalidValue, "group", "must be at most 100 characters")
		}
		return models.ValidID(it.ID)
	}
	return it.salvage(raw)
}

// salvage reads what it can of a mutation whose frame has a wrong type somewhere.
func (it *Item) salvage(raw json.RawMessage) bool {
	it.Mutation = models.Mutation{}
	var parts map[string]json.RawMessage
	if json.Unmarshal(raw, &parts) != nil {
		return false
	}
	fields := []struct {
		name string
		into any
		want string
	}{
		{"id", &it.ID, ""}, {"group", &it.Group, "must be a string"}, {"table", &it.Table, "must be a string"},
		{"row", &it.Row, "must be a lower-case UUID"}, {"op", &it.Op, "must be insert, patch or delete"},
		{"base", &it.Base, "must be a whole number"}, {"at", &it.At, "must be an RFC 3339 timestamp"},
		{"set", &it.Set, "must be an object"},
	}
	for _, f := range fields {
		if part, ok := parts[f.name]; ok && json.Unmarshal(part, f.into) != nil && it.Fault == nil {
			it.Fault = models.Reject(models.CodeInvalidValue, f.name, f.want)
		}
	}
	return models.ValidID(it.ID)
}

// wirePull is the pull half as it travels.
type wirePull struct {
	Cursor   json.RawMessage `json:"cursor"`
	Limit    json.RawMessage `json:"limit"`
	Tables   json.RawMessage `json:"tables"`
	Buckets  json.RawMessage `json:"buckets"`
	Backfill json.RawMessage `json:"backfill"`
}

func (r *Request) pull(raw json.RawMessage) error {
	if !present(raw) {
		return nil
	}
	var w wirePull
	if raw[0] != '{' || json.Unmarshal(raw, &w) != nil {
		return models.Invalid("body.pull", "must be an object")
	}
	p := &PullRequest{Limit: PageDefault}
	r.Pull = p
	if present(w.Cursor) && json.Unmarshal(w.Cursor, &p.Cursor) != nil || present(w.Cursor) && p.Cursor == "" {
		return BadCursor()
	}
	if present(w.Limit) {
		number, ok := wholeNumber(w.Limit)
		if !ok || number < 1 {
			return models.Invalid("body.pull.limit", "must be a whole number from 1")
		}
		p.Limit = int(min(number, PageMax))
	}
	if err := stringList(w.Tables, "body.pull.tables", tablesListMax, &p.Tables); err != nil {
		return err
	}
	for i, name := range p.Tables {
		if models.Tables.Table(name) == nil {
			return models.Invalid(place("body.pull.tables", i, ""), "is not a table")
		}
	}
	if err := stringList(w.Buckets, "body.pull.buckets", BucketsMax, &p.Buckets); err != nil {
		return err
	}
	for i, id := range p.Buckets {
		if !models.ValidID(id) {
			return models.Invalid(place("body.pull.buckets", i, ""), "must be a lower-case UUID")
		}
	}
	return p.backfill(w.Backfill)
}

func (p *PullRequest) backfill(raw json.RawMessage) error {
	if !present(raw) {
		return nil
	}
	var w struct {
		From json.RawMessage `json:"from_schema"`
	}
	if raw[0] != '{' || json.Unmarshal(raw, &w) != nil {
		return models.Invalid("body.pull.backfill", "must be an object")
	}
	number, ok := wholeNumber(w.From)
	if !ok || number < 1 || number > 1_000_000 {
		return models.Invalid("body.pull.backfill.from_schema", "must be a whole number from 1")
	}
	p.Backfill = int(number)
	return nil
}

func stringList(raw json.RawMessage, location string, most int, into *[]string) error {
	if !present(raw) {
		return nil
	}
	if raw[0] != '[' || json.Unmarshal(raw, into) != nil {
		return models.Invalid(location, "must be an array of strings")
	}
	if len(*into) > most {
		return models.Invalid(location, "has too many entries")
	}
	if *into == nil {
		*into = []string{}
	}
	return nil
}

func present(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}

func wholeNumber(raw json.RawMessage) (int64, bool) {
	var n int64
	return n, present(raw) && json.Unmarshal(raw, &n) == nil
}

func place(list string, i int, field string) string {
	out := list + "[" + string(models.IntValue(int64(i))) + "]"
	if field != "" {
		out += "." + field
	}
	return out
}
