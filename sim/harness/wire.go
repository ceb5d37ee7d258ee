package harness

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Stamp is the wire's form of a time: RFC 3339 in UTC with milliseconds.
const Stamp = "2006-01-02T15:04:05.000Z"

// At writes a time as the wire carries it.
func At(moment time.Time) string { return moment.UTC().Format(Stamp) }

// NewID makes a lower-case UUID of version 7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// Row is a row on the wire: id, _v, _b and the fields its reader may see. Numbers
// are float64, as encoding/json reads them.
type Row map[string]any

// ID answers the row's id.
func (r Row) ID() string { return r.Text("id") }

// Bucket answers the row's bucket, _b.
func (r Row) Bucket() string { return r.Text("_b") }

// V answers the seq of the row's last change, _v.
func (r Row) V() int64 {
	number, _ := r["_v"].(float64)
	return int64(number)
}

// Text answers a text field; "" for null, missing or another type.
func (r Row) Text(field string) string {
	text, _ := r[field].(string)
	return text
}

// Texts answers a list of texts; nil for anything else.
func (r Row) Texts(field string) []string {
	list, _ := r[field].([]any)
	var texts []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// Mutation is one write, docs/protocol.md section 4.
type Mutation struct {
	ID    string         `json:"id"`
	Group string         `json:"group,omitempty"`
	Table string         `json:"table"`
	Row   string         `json:"row"`
	Op    string         `json:"op"`
	Base  int64          `json:"base"`
	At    string         `json:"at"`
	Set   map[string]any `json:"set,omitempty"`
}

// Insert makes an insert with fresh ids, made now.
func Insert(table string, set map[string]any) Mutation {
	return Mutation{ID: NewID(), Table: table, Row: NewID(), Op: "insert", At: At(time.Now()), Set: set}
}

// Patch makes a patch with a fresh id, made now.
func Patch(table, row string, base int64, set map[string]any) Mutation {
	return Mutation{ID: NewID(), Table: table, Row: row, Op: "patch", Base: base, At: At(time.Now()), Set: set}
}

// Delete makes a delete with a fresh id, made now.
func Delete(table, row string, base int64) Mutation {
	return Mutation{ID: NewID(), Table: table, Row: row, Op: "delete", Base: base, At: At(time.Now())}
}

// Result is the outcome of one mutation.
type Result struct {
	ID        string   `json:"id"`
	Status    string   `json:"status"`
	Code      string   `json:"code"`
	Message   string   `json:"message"`
	Field     string   `json:"field"`
	V         int64    `json:"v"`
	Duplicate bool     `json:"duplicate"`
	Row       Row      `json:"row"`
	Conflicts []string `json:"conflicts"`
}

// Pull is the reading half of a sync. A nil Cursor is sent as null.
type Pull struct {
	Cursor   *string   `json:"cursor"`
	Limit    *int      `json:"limit,omitempty"`
	Tables   []string  `json:"tables,omitempty"`
	Buckets  []string  `json:"buckets,omitempty"`
	Backfill *Backfill `json:"backfill,omitempty"`
}

// Backfill asks for what is new since an older schema.
type Backfill struct {
	FromSchema int `json:"from_schema"`
}

// SyncRequest is the body of POST /v1/sync.
type SyncRequest struct {
	Protocol   int        `json:"protocol"`
	Schema     int        `json:"schema"`
	DeviceTime string     `json:"device_time,omitempty"`
	Push       []Mutation `json:"push,omitempty"`
	Pull       *Pull      `json:"pull,omitempty"`
}

// Change is what became of one table within a page.
type Change struct {
	Upsert []Row `json:"upsert"`
	Remove []Row `json:"remove"`
}

// Directive is what the server tells a device to do.
type Directive struct {
	Kind      string `json:"kind"`
	MinSchema int    `json:"min_schema"`
}

// Page is the answer of POST /v1/sync.
type Page struct {
	Protocol   int               `json:"protocol"`
	Epoch      json.RawMessage   `json:"epoch"`
	ServerTime string            `json:"server_time"`
	Seq        int64             `json:"seq"`
	Results    []Result          `json:"results"`
	Changes    map[string]Change `json:"changes"`
	Drop       []string          `json:"drop"`
	Cursor     string            `json:"cursor"`
	Complete   bool              `json:"complete"`
	Replace    bool              `json:"replace"`
	Directive  *Directive        `json:"directive"`
}

// Rows counts the rows of a page, removals included.
func (p Page) Rows() int {
	rows := 0
	for _, change := range p.Changes {
		rows += len(change.Upsert) + len(change.Remove)
	}
	return rows
}
