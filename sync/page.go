package sync

import (
	"io"
	"strconv"
	gosync "sync"

	"pursuit/models"
	"pursuit/models/store"
)

// pageBytes is about how many bytes of documents a page holds at most: what a phone
// on a bad line can take in one answer.
const pageBytes = 1 << 20

// Page is the answer to the pull half of a request.
type Page struct {
	Drop      []string
	Cursor    string
	Complete  bool
	Replace   bool
	Directive *Directive
	Sent      []Sent // what went into it, for the audit

	tables []tablePage // by table number
	limit  int         // of rows
	room   int         // of bytes
	rows   int
	bytes  int
}

// Directive tells a client to do something beside applying the page.
type Directive struct {
	Kind      string `json:"kind"` // reconcile or upgrade
	MinSchema int    `json:"min_schema,omitempty"`
}

// Sent is one row that went into a page.
type Sent struct {
	Table int
	ID    string
	Seq   int64
	Size  int // of its document, in bytes; 0 = a removal
}

// tablePage is one table's share of a page, as JSON.
type tablePage struct {
	upsert []byte
	remove []byte
}

// pages are pages whose answer was written: their memory serves the next ones.
var pages = gosync.Pool{New: func() any { return &Page{} }}

func newPage(limit int) *Page {
	p := pages.Get().(*Page)
	p.limit, p.room = limit, pageBytes
	p.again()
	return p
}

// Release gives the page's memory back once its answer is written; nothing of the
// page may be used any more. A page that nobody releases is garbage.
func (p *Page) Release() { pages.Put(p) }

// again empties a page to be filled anew, in the memory it has.
func (p *Page) again() {
	fresh := Page{limit: p.limit, room: p.room, Complete: true, Sent: p.Sent[:0], tables: p.tables}
	for i, t := range p.tables {
		fresh.tables[i] = tablePage{upsert: t.upsert[:0], remove: t.remove[:0]}
	}
	*p = fresh
}

// page is what the answer is put into.
func (r PullRequest) page() *Page {
	if r.into != nil {
		return r.into
	}
	return newPage(r.Limit)
}

// full tells whether another row has no place any more.
func (p *Page) full() bool { return p.rows >= p.limit || p.rows > 0 && p.bytes >= p.room }

// add puts a row into the page; as a removal when it is deleted or gone from view.
func (p *Page) add(r store.PageRow, gone bool) {
	for len(p.tables) <= r.Table {
		p.tables = append(p.tables, tablePage{})
	}
	t, size := &p.tables[r.Table], len(r.Doc)
	if r.Deleted || gone {
		size = 0
		before := len(t.remove)
		t.remove = separate(t.remove)
		t.remove = append(t.remove, `{"id":"`...)
		t.remove = append(t.remove, r.ID()...)
		t.remove = append(t.remove, `","_v":`...)
		t.remove = strconv.AppendInt(t.remove, r.Seq, 10)
		t.remove = append(t.remove, '}')
		p.bytes += len(t.remove) - before
	} else {
		t.upsert = append(separate(roomy(t.upsert, size)), r.Doc...)
		p.bytes += size
	}
	p.rows++
	p.Sent = append(p.Sent, Sent{Table: r.Table, ID: string(r.ID()), Seq: r.Seq, Size: size})
}

func separate(b []byte) []byte {
	if len(b) > 0 {
		return append(b, ',')
	}
	return b
}

// roomy makes room for n more bytes. What has outgrown its first pages gets a whole
// page's room at once, for it will need it.
func roomy(b []byte, n int) []byte {
	const first = 32 << 10
	if len(b)+n+1 <= cap(b) || len(b) < first {
		return b
	}
	return append(make([]byte, 0, max(pageBytes, 2*len(b))+n+1), b...)
}

// Empty tells whether the page brings no change.
func (p *Page) Empty() bool { return p.rows == 0 && len(p.Drop) == 0 }

// WriteChanges writes the `changes` object: for each table the rows to write and
// those to remove.
func (p *Page) WriteChanges(w io.Writer) error {
	separator := "{"
	for no := range p.tables {
		t := &p.tables[no]
		if len(t.upsert) == 0 && len(t.remove) == 0 {
			continue
		}
		head := separator + `"` + models.Tables.TableNo(no).Name + `":{"upsert":[`
		separator = ","
		for _, part := range [][]byte{[]byte(head), t.upsert, []byte(`],"remove":[`), t.remove, []byte(`]}`)} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
	}
	if separator == "{" {
		_, err := w.Write([]byte("{}"))
		return err
	}
	_, err := w.Write([]byte("}"))
	return err
}
