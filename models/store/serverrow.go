package store

import "encoding/json"

// ServerRow is a synced row that the server itself makes or changes: a row that does
// not exist is made in Bucket (an empty Bucket makes none), one that exists gets the
// values that differ. Values are canonical JSON; nil unsets.
type ServerRow struct {
	Table, ID string
	Bucket    string
	Set       map[string]json.RawMessage
}
