package models

import (
	"encoding/json"
	"time"
)

// Op is what a mutation does to its row.
type Op string

// The three operations of docs/protocol.md, section 4.
const (
	OpInsert Op = "insert"
	OpPatch  Op = "patch"
	OpDelete Op = "delete"
)

// Mutation is one write, as a device sends it and as it is stored until it can be applied.
type Mutation struct {
	ID    string                     `json:"id"`              // UUID made by the device
	Group string                     `json:"group,omitempty"` // members of one group apply all or not at all
	Table string                     `json:"table"`
	Row   string                     `json:"row"` // UUID made by the device
	Op    Op                         `json:"op"`
	Base  int64                      `json:"base"` // the `_v` the device last saw; 0 for an insert
	At    string                     `json:"at"`   // the device's clock when the person made the edit
	Set   map[string]json.RawMessage `json:"set,omitempty"`
}

// Status says what became of a mutation.
type Status string

// The statuses of docs/protocol.md, section 4.
const (
	StatusApplied     Status = "applied"
	StatusMerged      Status = "merged"
	StatusDeferred    Status = "deferred"
	StatusQuarantined Status = "quarantined"
	StatusRejected    Status = "rejected"
)

// Codes of a rejected mutation.
const (
	CodeUnknownTable        = "unknown_table"
	CodeUnknownField        = "unknown_field"
	CodeInvalidValue        = "invalid_value"
	CodeMissingField        = "missing_field"
	CodeRowExists           = "row_exists"
	CodeRowGone             = "row_gone"
	CodeReadOnlyField       = "read_only_field"
	CodeForbidden           = "forbidden"
	CodeForbiddenTransition = "forbidden_transition"
	CodeGroupFailed         = "group_failed"
	CodeMutationIDReused    = "mutation_id_reused"
)

// Result is the answer to one mutation. It is remembered and answered again to a replay.
type Result struct {
	ID        string          `json:"id"`
	Status    Status          `json:"status"`
	V         int64           `json:"v,omitempty"` // the row's `_v` after it; 0 = not stored
	Duplicate bool            `json:"duplicate"`
	Code      string          `json:"code,omitempty"`
	Message   string          `json:"message,omitempty"`
	Field     string          `json:"field,omitempty"`
	Row       json.RawMessage `json:"row,omitempty"`
	Conflicts []string        `json:"conflicts,omitzero"` // of `merged` always a list, of others only if there are any
}

// Rejection is a reason why a mutation can never be stored.
type Rejection struct {
	Code    string
	Message string
	Field   string
}

// Reject makes a Rejection.
func Reject(code, field, message string) *Rejection {
	return &Rejection{Code: code, Message: message, Field: field}
}

// MaxClockOffset and the other bounds on device clocks of docs/protocol.md, section 4.
const (
	ClockNoise   = 2 * time.Second // an offset below this counts as 0
	ClockSuspect = 5 * time.Minute // an attempt from a device further off is marked
)
