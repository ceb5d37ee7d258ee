package sync

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"pursuit/models"
)

// The detail of an audit entry is JSON text, or one of three packed lists: a kind
// byte, the number of items, and the items. A row costs about 20 bytes.
const (
	detailRows      = 1 // table, row, v
	detailMutations = 2 // table, row, v, mutation, operation and status
	detailExport    = 3 // rows; before their number what was asked, as JSON after its length
)

// auditOps and auditStatuses are the codes of packed mutations; their order is stored.
var (
	auditOps      = []models.Op{"", models.OpInsert, models.OpPatch, models.OpDelete}
	auditStatuses = []models.Status{"", models.StatusApplied, models.StatusMerged, models.StatusDeferred,
		models.StatusQuarantined, models.StatusRejected}
)

const opRoom = 4 // operations in the byte that holds a status too

// sentDetail packs the rows of a page.
func sentDetail(sent []Sent) []byte {
	return appendSent(append(make([]byte, 0, 8+len(sent)*22), detailRows), sent)
}

// exportDetail packs the rows of an export and what was asked.
func exportDetail(asked []byte, sent []Sent) []byte {
	b := append(make([]byte, 0, 16+len(asked)+len(sent)*22), detailExport)
	b = append(binary.AppendUvarint(b, uint64(len(asked))), asked...)
	return appendSent(b, sent)
}

func appendSent(b []byte, sent []Sent) []byte {
	b = binary.AppendUvarint(b, uint64(len(sent)))
	for i := range sent {
		b = appendItem(b, sent[i].Table, sent[i].ID, sent[i].Seq)
	}
	return b
}

func appendItem(b []byte, table int, id string, v int64) []byte {
	b = append(b, byte(table))
	b = append(b, idBytes(id)...)
	return binary.AppendUvarint(b, uint64(max(v, 0)))
}

// settled is a mutation that had waited, with what became of it.
type settled struct {
	job    *job
	result models.Result
}

func (s settled) detail() []byte {
	return appendMutation([]byte{detailMutations, 1}, s.job.Mutation, s.result)
}

// pushDetail packs the mutations of a request that were not replays; nil when none
// of them was stored as more than rejected.
func pushDetail(p *pending) []byte {
	n, changed := 0, false
	for i := range p.results {
		if !p.results[i].Duplicate {
			n++
			changed = changed || p.results[i].Status != models.StatusRejected
		}
	}
	if !changed {
		return nil
	}
	b := append(make([]byte, 0, 8+n*40), detailMutations)
	b = binary.AppendUvarint(b, uint64(n))
	for i := range p.results {
		if !p.results[i].Duplicate {
			b = appendMutation(b, p.items[i].Mutation, p.results[i])
		}
	}
	return b
}

func appendMutation(b []byte, m models.Mutation, r models.Result) []byte {
	table := 0
	if t := models.Tables.Table(m.Table); t != nil {
		table = t.No
	}
	b = appendItem(b, table, m.Row, r.V)
	b = append(b, idBytes(m.ID)...)
	return append(b, byte(indexOf(auditStatuses, r.Status)*opRoom+indexOf(auditOps, m.Op)))
}

func indexOf[T comparable](list []T, want T) int {
	for i, have := range list {
		if have == want {
			return i
		}
	}
	return 0
}

// auditItem is a row, or a mutation of a row, of an entry as it is shown.
type auditItem struct {
	Table    string        `json:"table,omitempty"`
	Row      string        `json:"row"`
	V        int64         `json:"v,omitempty"`
	Mutation string        `json:"mutation,omitempty"`
	Op       models.Op     `json:"op,omitempty"`
	Status   models.Status `json:"status,omitempty"`
}

// shown is a detail as JSON. What cannot be read, because somebody altered it, is
// shown in hex.
func shown(detail []byte) json.RawMessage {
	if json.Valid(detail) {
		return detail
	}
	asked, rest, err := unpackAsked(detail)
	var list []auditItem
	if err == nil {
		list, err = unpack(rest)
	}
	var out any = shownDetail{asked, list}
	if err != nil {
		out = map[string]string{"unreadable": hex.EncodeToString(detail)}
	}
	text, err := json.Marshal(out)
	if err != nil { // strings and numbers always marshal
		return json.RawMessage("null")
	}
	return text
}

// shownDetail is a packed detail as JSON.
type shownDetail struct {
	Query json.RawMessage `json:"query,omitempty"` // of an export: what was asked
	Rows  []auditItem     `json:"rows"`
}

var errDetail = errors.New("the detail is damaged")

// unpackAsked takes what was asked off the detail of an export, and leaves one of rows.
func unpackAsked(detail []byte) (asked, rest []byte, err error) {
	if len(detail) == 0 || detail[0] != detailExport {
		return nil, detail, nil
	}
	length, size := binary.Uvarint(detail[1:])
	if size <= 0 || length > uint64(len(detail)-1-size) {
		return nil, nil, errDetail
	}
	at := 1 + size + int(length)
	if asked = detail[1+size : at]; !json.Valid(asked) {
		return nil, nil, errDetail
	}
	return asked, append([]byte{detailRows}, detail[at:]...), nil
}

func unpack(detail []byte) ([]auditItem, error) {
	if len(detail) < 2 || detail[0] != detailRows && detail[0] != detailMutations {
		return nil, errDetail
	}
	kind := detail[0]
	count, size := binary.Uvarint(detail[1:])
	if size <= 0 || count > uint64(len(detail)) {
		return nil, errDetail
	}
	rest := detail[1+size:]
	list := make([]auditItem, 0, count)
	for range count {
		var item auditItem
		var err error
		if item, rest, err = unpackItem(kind, rest); err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	if len(rest) > 0 {
		return nil, errDetail
	}
	return list, nil
}

func unpackItem(kind byte, b []byte) (auditItem, []byte, error) {
	const id = len(uuid.UUID{})
	var item auditItem
	if len(b) < 1+id {
		return item, nil, errDetail
	}
	if t := models.Tables.TableNo(int(b[0])); t != nil {
		item.Table = t.Name
	}
	item.Row = uuid.UUID(b[1 : 1+id]).String()
	v, size := binary.Uvarint(b[1+id:])
	if size <= 0 {
		return item, nil, errDetail
	}
	item.V, b = int64(v), b[1+id+size:]
	if kind == detailRows {
		return item, b, nil
	}
	if len(b) < id+1 {
		return item, nil, errDetail
	}
	item.Mutation = uuid.UUID(b[:id]).String()
	status, op := int(b[id])/opRoom, int(b[id])%opRoom
	if status >= len(auditStatuses) || op >= len(auditOps) {
		return item, nil, errDetail
	}
	item.Status, item.Op = auditStatuses[status], auditOps[op]
	return item, b[id+1:], nil
}
