package sync

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/google/uuid"

	"pursuit/models"
	"pursuit/models/store"
)

// mode is what kind of walk a cursor is in the middle of.
type mode byte

const (
	modeStream  mode = iota + 1 // what changed or came into scope, by effective sequence
	modeFirst                   // the first walk over everything in scope, by sequence
	modeBuckets                 // some buckets whole (section 8)
	modeSchema                  // rows of tables and fields that are new to an app (section 9)
)

// cursor is a place in a device's view of its program. It is sealed with a MAC over
// its content, its user and its program, and opaque to clients.
//
// In modeStream everything with (effective sequence, row sequence) up to (Eff, Pos)
// has been delivered. In modeFirst the walk covers the rows up to Eff, in the order
// of their sequence, and has come to Pos. AsOf is the program's sequence when the
// last page was made: what was held then is what the device may hold. After is the
// bucket that a walk by buckets has come to. Dropped, when set, is the last bucket
// named in a list of drops too long for one page, and DropAt the number at which the
// first page of that list was made.
type cursor struct {
	Mode    mode
	Epoch   string
	Eff     int64
	Pos     int64
	AsOf    int64
	Tables  models.TableSet
	After   string
	Dropped string
	DropAt  int64
	Tag     uint32 // of the bucket list or the schema it was made for; see reconciled
}

// highest is the greatest number of the sequence that the cursor knows of.
func (c cursor) highest() int64 { return max(c.AsOf, c.Eff, c.DropAt) }

// madeAt is the number at which the cursor's next page is made.
func (c cursor) madeAt(h store.Head) int64 {
	if c.Dropped != "" {
		return c.DropAt
	}
	return h.Seq
}

const (
	macSize    = 16
	cursorSize = 1 + 16 + 8 + 8 + 8 + 4 + 16 + 16 + 4 + 8
)

// BadCursor is the one answer to everything that is not a cursor of this user.
func BadCursor() error {
	return models.E(models.KindBadRequest, "bad_cursor", "The cursor is not one of this server's for you.")
}

// continues tells whether the cursor is a place in a stream that brought at least
// these tables.
func (c cursor) continues(tables models.TableSet) bool {
	return (c.Mode == modeStream || c.Mode == modeFirst) && tables&^c.Tables == 0
}

// seal writes a cursor for a user of a program.
func (e *Engine) seal(who models.Actor, c cursor) string {
	b := make([]byte, 0, cursorSize+macSize)
	b = append(b, byte(c.Mode))
	b = append(b, idBytes(c.Epoch)...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Eff))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Pos))
	b = binary.BigEndian.AppendUint64(b, uint64(c.AsOf))
	b = binary.BigEndian.AppendUint32(b, uint32(c.Tables))
	b = append(b, idBytes(c.After)...)
	b = append(b, idBytes(c.Dropped)...)
	b = binary.BigEndian.AppendUint32(b, c.Tag)
	b = binary.BigEndian.AppendUint64(b, uint64(c.DropAt))
	b = append(b, e.mac(who, b)...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// open reads a cursor back; false for anything that seal did not write for this user.
func (e *Engine) open(who models.Actor, text string) (cursor, bool) {
	if len(text) > 2*(cursorSize+macSize) {
		return cursor{}, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodeToString(b) != text { // decoding passes over line ends
		return cursor{}, false
	}
	if len(b) != cursorSize+macSize || !hmac.Equal(b[cursorSize:], e.mac(who, b[:cursorSize])) {
		return cursor{}, false
	}
	c := cursor{Mode: mode(b[0]), Epoch: bytesID(b[1:17]), Eff: int64(binary.BigEndian.Uint64(b[17:])),
		Pos: int64(binary.BigEndian.Uint64(b[25:])), AsOf: int64(binary.BigEndian.Uint64(b[33:])),
		Tables: models.TableSet(binary.BigEndian.Uint32(b[41:])), After: bytesID(b[45:61]), Dropped: bytesID(b[61:77]), Tag: binary.BigEndian.Uint32(b[77:]),
		DropAt: int64(binary.BigEndian.Uint64(b[81:]))}
	return c, true
}

func (e *Engine) mac(who models.Actor, content []byte) []byte {
	h := hmac.New(sha256.New, e.key)
	h.Write([]byte(who.ProgramID))
	h.Write([]byte(who.UserID))
	h.Write(content)
	return h.Sum(nil)[:macSize]
}

func idBytes(id string) []byte {
	u, err := uuid.Parse(id) // "" is the zero id
	if err != nil {
		u = uuid.Nil
	}
	return u[:]
}

func bytesID(b []byte) string {
	var u uuid.UUID
	copy(u[:], b)
	if u == uuid.Nil {
		return ""
	}
	return u.String()
}
