package sync

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

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
	Schema     int // the app's schema; the newest when it does not say
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

	into *Page // nil = a new page of Limit rows
}

// Decode reads the body of POST /v1/sync, of bounded size and depth in valid UTF-8.
// The error is a *models.Error of the whole request; what is wrong with a single
// mutation stands in its Item. Items share the body's memory.
func Decode(body []byte) (Request, error) {
	frame := gjson.ParseBytes(body)
	if !gjson.ValidBytes(body) || !frame.IsObject() {
		return Request{}, models.E(models.KindBadRequest, "bad_json", "The body is not a JSON object.")
	}
	parts := map[string]json.RawMessage{}
	frame.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "protocol", "schema", "device_time", "push", "pull":
			parts[key.Str] = json.RawMessage(value.Raw)
		}
		return true
	})
	req := Request{Schema: models.Tables.Version}
	if number, ok := wholeNumber(parts["protocol"]); !ok || number != Protocol {
		return req, &models.Error{Kind: models.KindInvalid, Code: "unsupported_protocol", Text: "This server speaks protocol 1.",
			Faults: []models.FieldFault{{Location: "body.protocol", Message: "must be 1"}}}
	}
	if present(parts["schema"]) {
		number, ok := wholeNumber(parts["schema"])
		if !ok || number < 0 || number > 1_000_000 {
			return req, models.Invalid("body.schema", "must be a whole number from 0")
		}
		req.Schema = int(number)
	}
	if err := req.deviceTime(parts["device_time"]); err != nil {
		return req, err
	}
	if err := req.push(parts["push"]); err != nil {
		return req, err
	}
	return req, req.pull(parts["pull"])
}

// fields gives the members of a JSON object; of a name given twice, the last.
func fields(object gjson.Result) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, 8)
	object.ForEach(func(key, value gjson.Result) bool {
		out[key.Str] = json.RawMessage(value.Raw)
		return true
	})
	return out
}

func (r *Request) deviceTime(raw json.RawMessage) error {
	if !present(raw) {
		return nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return models.Invalid("body.device_time", "must be an RFC 3339 timestamp")
	}
	t, ok := models.ParseTime(s)
	if !ok {
		return models.Invalid("body.device_time", "must be an RFC 3339 timestamp")
	}
	if r.DeviceTime = t; t.IsZero() { // the first instant of the year 1 is a wrong clock, not a missing one
		r.DeviceTime = t.Add(time.Millisecond)
	}
	return nil
}

func (r *Request) push(raw json.RawMessage) error {
	if !present(raw) {
		return nil
	}
	list := gjson.ParseBytes(raw)
	if !list.IsArray() {
		return models.Invalid("body.push", "must be an array of mutations")
	}
	var items []gjson.Result
	list.ForEach(func(_, item gjson.Result) bool { // stops early: a body holds millions of nothing
		items = append(items, item)
		return len(items) <= MutationsMax
	})
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

// decode reads one mutation and tells whether its id is usable. A member of a wrong
// type is the item's fault; the others are read all the same.
func (it *Item) decode(item gjson.Result) bool {
	it.Raw = json.RawMessage(item.Raw)
	if !item.IsObject() {
		return false
	}
	item.ForEach(func(key, value gjson.Result) bool {
		if want := it.member(key.Str, value); want != "" && it.Fault == nil {
			it.Fault = models.Reject(models.CodeInvalidValue, key.Str, want)
		}
		return true
	})
	if it.Fault == nil && (utf8.RuneCountInString(it.Group) > groupNameMax || strings.IndexByte(it.Group, 0) >= 0) {
		it.Fault = models.Reject(models.CodeInvalidValue, "group", "must be at most 100 characters, without U+0000")
	}
	return models.ValidID(it.ID)
}

// member reads one member of a mutation and says what it must be when it is not.
func (it *Item) member(name string, value gjson.Result) string {
	switch name {
	case "id":
		return str(value, &it.ID, "must be a lower-case UUID")
	case "group":
		return str(value, &it.Group, "must be a string")
	case "table":
		return str(value, &it.Table, "must be a string")
	case "row":
		return str(value, &it.Row, "must be a lower-case UUID")
	case "at":
		if value.Type == gjson.String && value.Str == "" {
			return "must be an RFC 3339 timestamp"
		}
		return str(value, &it.At, "must be an RFC 3339 timestamp")
	case "op":
		return str(value, (*string)(&it.Op), "must be insert, patch or delete")
	case "base":
		number, ok := wholeNumber(json.RawMessage(value.Raw))
		if !ok && value.Type != gjson.Null {
			return "must be a whole number"
		}
		it.Base = number
	case "set":
		if !value.IsObject() && value.Type != gjson.Null {
			return "must be an object"
		}
		if value.IsObject() {
			it.Set = fields(value)
		}
	}
	return ""
}

// str reads a string; null is the empty one.
func str(value gjson.Result, into *string, want string) string {
	if value.Type != gjson.String && value.Type != gjson.Null {
		return want
	}
	*into = value.Str
	return ""
}

func (r *Request) pull(raw json.RawMessage) error {
	if !present(raw) {
		return nil
	}
	object := gjson.ParseBytes(raw)
	if !object.IsObject() {
		return models.Invalid("body.pull", "must be an object")
	}
	w := fields(object)
	p := &PullRequest{Limit: PageDefault}
	r.Pull = p
	if present(w["cursor"]) && json.Unmarshal(w["cursor"], &p.Cursor) != nil || present(w["cursor"]) && p.Cursor == "" {
		return BadCursor()
	}
	if present(w["limit"]) {
		number, err := strconv.ParseInt(string(w["limit"]), 10, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) || number < 1 { // one out of range is the largest or the least
			return models.Invalid("body.pull.limit", "must be a whole number from 1")
		}
		p.Limit = int(min(number, PageMax))
	}
	if err := stringList(w["tables"], "body.pull.tables", tablesListMax, &p.Tables); err != nil {
		return err
	}
	for i, name := range p.Tables {
		if models.Tables.Table(name) == nil {
			return models.Invalid(place("body.pull.tables", i, ""), "is not a table")
		}
	}
	if err := stringList(w["buckets"], "body.pull.buckets", BucketsMax, &p.Buckets); err != nil {
		return err
	}
	for i, id := range p.Buckets {
		if !models.ValidID(id) {
			return models.Invalid(place("body.pull.buckets", i, ""), "must be a lower-case UUID")
		}
	}
	return p.backfill(w["backfill"])
}

func (p *PullRequest) backfill(raw json.RawMessage) error {
	if !present(raw) {
		return nil
	}
	object := gjson.ParseBytes(raw)
	if !object.IsObject() {
		return models.Invalid("body.pull.backfill", "must be an object")
	}
	number, ok := wholeNumber(fields(object)["from_schema"])
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
	list, wrong := gjson.ParseBytes(raw), false
	out := []string{}
	list.ForEach(func(_, entry gjson.Result) bool {
		wrong = entry.Type != gjson.String
		out = append(out, entry.Str)
		return !wrong && len(out) <= most
	})
	*into = out
	switch {
	case !list.IsArray() || wrong:
		return models.Invalid(location, "must be an array of strings")
	case len(out) > most:
		return models.Invalid(location, "has too many entries")
	}
	return nil
}

func present(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}

func wholeNumber(raw json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return n, err == nil
}

func place(list string, i int, field string) string {
	out := list + "[" + string(models.IntValue(int64(i))) + "]"
	if field != "" {
		out += "." + field
	}
	return out
}
