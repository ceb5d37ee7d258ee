package models

import "sort"

// Type is the type of a field on the wire.
type Type string

// The field types. Text, Code and ID travel as JSON strings; TextList as an array
// of strings; Factors and Object as objects; Any as whatever the field of the row
// it speaks of holds.
const (
	TypeText      Type = "text"
	TypeCode      Type = "code"
	TypeID        Type = "id"
	TypeBool      Type = "bool"
	TypeInteger   Type = "integer"
	TypeNumber    Type = "number"
	TypeDate      Type = "date"
	TypeTimestamp Type = "timestamp"
	TypeTextList  Type = "text_list"
	TypeFactors   Type = "factors"
	TypeObject    Type = "object"
	TypeAny       Type = "any"
)

// Policy says how two concurrent edits of a field become one (docs/protocol.md, section 5).
type Policy string

// The five merge policies.
const (
	PolicyLatest    Policy = "latest"
	PolicyUnion     Policy = "union"
	PolicyText      Policy = "text"
	PolicyAuthority Policy = "authority"
	PolicyMax       Policy = "max"
)

// Text limits in characters, and limits of the other types.
const (
	NoteMax     = 20000 // note and notes
	TextMax     = 500   // every other text
	ListMax     = 50    // entries of a text_list
	ObjectMax   = 16384 // bytes of an object
	DurationMax = 1440  // minutes of one contact: a day
	ArrestsMax  = 1000
)

// Field is one column of a table.
type Field struct {
	Name      string
	Type      Type
	Policy    Policy
	Required  bool     // an insert must carry it
	ReadOnly  bool     // only the server sets it
	MeansNow  bool     // any value sent stands for the time of the edit
	Fixed     bool     // set by the insert and never after: the row's bucket hangs on it
	Values    []string // of a code
	MaxLength int      // of a text, in characters
	Min, Max  float64  // of an integer or a number, both ends included
	Unit      string   // fields of one unit merge together
	Since     int      // the schema that brought it
	Default   string   // of a code: what an insert that leaves it out gets; "" = nothing
	Follows   string   // of what only the server sets: the field whose value it is about
}

// Bucket says in which bucket a table's rows live.
type Bucket string

// The kinds of bucket.
const (
	BucketPerson       Bucket = "person"
	BucketService      Bucket = "service"
	BucketOrganisation Bucket = "organisation"
	BucketProgram      Bucket = "program or organisation"
	BucketSelf         Bucket = "self"
	BucketOfRow        Bucket = "as its row"
)

// Parent is a reference to a row that must be there, and visible to the author,
// before this row can be.
type Parent struct {
	Field string
	Table string
}

// Table declares one synced table. Everything that knows tables reads it.
type Table struct {
	Name    string
	No      int // its number in the store; never reused
	Bucket  Bucket
	Root    string // the field that names the bucket; empty: the row's own id, or set by the server
	Parents []Parent
	Typed   bool   // has a SQL table of its own, for reports and reminders
	Hidden  []Role // roles that never receive it, though they may hold its bucket
	Since   int    // the schema that brought it
	Fields  []Field

	index    map[string]int
	defaults []int // fields that have a Default
}

// Defaults lists the positions of the fields that have a Default.
func (t *Table) Defaults() []int { return t.defaults }

// Field gives the position of a field in Fields, or -1.
func (t *Table) Field(name string) int {
	if i, ok := t.index[name]; ok {
		return i
	}
	return -1
}

// Mixes tells whether two edits of the field can both stand in it: a set or a text.
func (f *Field) Mixes() bool { return f.Policy == PolicyUnion || f.Policy == PolicyText }

// HiddenFrom tells whether the role never receives the table.
func (t *Table) HiddenFrom(r Role) bool {
	for _, hidden := range t.Hidden {
		if hidden == r {
			return true
		}
	}
	return false
}

// NewAfter tells whether the table, or a field of it, came after the given schema.
func (t *Table) NewAfter(schema int) bool {
	if t.Since > schema {
		return true
	}
	for i := range t.Fields {
		if t.Fields[i].Since > schema {
			return true
		}
	}
	return false
}

// Bit is the table's place in a TableSet.
func (t *Table) Bit() TableSet { return 1 << t.No }

// TableSet is a set of tables, one bit a table number.
type TableSet uint32

// AllTables is the set that holds every table there is and will be.
const AllTables TableSet = 1<<32 - 1

// Has tells whether the table is in the set.
func (s TableSet) Has(t *Table) bool { return s&t.Bit() != 0 }

// Numbers lists the table numbers in the set that exist, ascending.
func (s TableSet) Numbers(schema *Schema) []int {
	var out []int
	for _, t := range schema.Tables {
		if s.Has(t) {
			out = append(out, t.No)
		}
	}
	sort.Ints(out)
	return out
}

// Schema is the set of all tables.
type Schema struct {
	Tables  []*Table
	Version int // the newest version in it
	byName  map[string]*Table
	byNo    map[int]*Table
}

// Table finds a table by name, or nil.
func (s *Schema) Table(name string) *Table { return s.byName[name] }

// TableNo finds a table by number, or nil.
func (s *Schema) TableNo(no int) *Table { return s.byNo[no] }

// Visible is the set of tables that a role may receive.
func (s *Schema) Visible(r Role) TableSet {
	var set TableSet
	for _, t := range s.Tables {
		if !t.HiddenFrom(r) {
			set |= t.Bit()
		}
	}
	return set
}

// newSchema takes the tables of the first version and what the later ones brought,
// appends the fields that each table has, and indexes them.
func newSchema(tables []*Table, later []Version) *Schema {
	s := &Schema{Tables: tables, Version: 1, byName: map[string]*Table{}, byNo: map[int]*Table{}}
	for _, t := range tables {
		t.Since = 1
		s.byName[t.Name] = t
	}
	for _, v := range later {
		s.bring(v)
	}
	for _, t := range s.Tables {
		t.Fields = append(t.Fields, stamps()...)
		t.index = make(map[string]int, len(t.Fields))
		for i := range t.Fields {
			f := &t.Fields[i]
			t.index[f.Name] = i
			if f.Default != "" {
				t.defaults = append(t.defaults, i)
			}
			if f.Policy == "" {
				f.Policy = PolicyLatest
			}
			if f.Since == 0 {
				f.Since = t.Since
			}
			if f.Type == TypeText && f.MaxLength == 0 {
				f.MaxLength = TextMax
			}
			if f.Type == TypeTextList && f.MaxLength == 0 {
				f.MaxLength = TextMax
			}
		}
		s.byNo[t.No] = t
	}
	return s
}

// stamps are the fields every table ends with.
func stamps() []Field {
	return []Field{
		{Name: "created_by", Type: TypeID, ReadOnly: true},
		{Name: "created_at", Type: TypeTimestamp, ReadOnly: true},
		{Name: "updated_by", Type: TypeID, ReadOnly: true},
		{Name: "updated_at", Type: TypeTimestamp, ReadOnly: true},
	}
}
