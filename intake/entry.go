package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"pursuit/models"
)

// Entry is one line as mutations: the person's, then what hangs on the person.
type Entry struct {
	Line     int // of the file, from 1
	row      int // in a spreadsheet, from 1
	Person   models.Mutation
	Children []models.Mutation // an assessment, perhaps, and the referral
	cells    map[string]string // which cell filled a field
	own      bool              // the person is of the user's organisation alone, and not the list's
	other    func() Entry      // the same line of the list's person, or of the organisation's own
}

// FaultOf tells which cell a rejected mutation speaks of.
func (e Entry) FaultOf(m models.Mutation, field, message string) Fault {
	return Fault{Line: e.Line, Row: e.row, Cell: e.cells[field], Field: field, Message: message + " (" + m.Table + ")"}
}

// Entries turns the lines of a sheet into mutations of a user of a program. Lines
// with a fault are left out and their faults listed. Two lines of one person on one
// day and from one source make the same referral.
func Entries(s Sheet, m Mapping, who models.Actor) ([]Entry, []Fault) {
	var out []Entry
	var faults []Fault
	for _, line := range s.Lines {
		e, bad := entryOf(s, m, line, who)
		if faults = append(faults, bad...); len(bad) == 0 {
			out = append(out, e)
		}
	}
	return out, faults
}

// lineReader reads the cells of one line.
type lineReader struct {
	sheet   Sheet
	mapping Mapping
	line    Line
	sets    map[string]map[string]json.RawMessage // by table
	cells   map[string]string
	faults  []Fault
}

func entryOf(s Sheet, m Mapping, line Line, who models.Actor) (Entry, []Fault) {
	r := lineReader{sheet: s, mapping: m, line: line, cells: map[string]string{},
		sets: map[string]map[string]json.RawMessage{"people": {}, "assessments": {}, "referrals": {}}}
	for _, t := range targets() {
		if t.table != "" {
			r.read(t)
		}
	}
	r.wholeAssessment()
	if line.beyond > 0 {
		r.faults = append(r.faults, Fault{Line: line.No, Row: line.Row, Cell: cellName(line.beyond, line.Row), Message: "stands under no heading"})
	}
	if len(r.faults) > 0 {
		return Entry{}, r.faults
	}
	person := models.DerivedID(who.ProgramID, "import/person/"+r.key())
	list := func() Entry { return r.entry(person, who.UserID) }
	own := func() Entry {
		e := r.entry(models.DerivedID(person, "import/org/"+who.OrgID), who.UserID)
		e.own = true
		return e
	}
	if models.Tables.Table("people").HiddenFrom(who.Role) { // who sees nobody can share nobody
		list, own = own, list
	}
	e := list()
	e.other = own
	return e, nil
}

// read takes one field from its cell.
func (r *lineReader) read(t target) {
	text := r.text(t.name)
	if text == "" {
		if t.required {
			r.fault(t.name, "must not be empty")
		}
		return
	}
	if r.sheet.excel && failed(text) {
		r.fault(t.name, "holds a formula that failed")
		return
	}
	raw, message := r.value(t, text)
	if message == "" {
		raw, message = models.Canon(t.declared(), raw)
	}
	if message != "" {
		r.fault(t.name, message)
		return
	}
	r.sets[t.table][t.name] = raw
}

// text is what fills a field in this line.
func (r *lineReader) text(name string) string {
	at, mapped := r.mapping.columns[name]
	if mapped {
		r.cells[name] = cellName(at+1, r.line.Row)
		if at < len(r.line.Cells) {
			if text := strings.TrimSpace(r.line.Cells[at]); text != "" {
				return text
			}
		}
	}
	return r.mapping.defaults[name]
}

func (r *lineReader) fault(field, message string) {
	r.faults = append(r.faults, Fault{Line: r.line.No, Row: r.line.Row, Cell: r.cells[field], Field: field, Message: message})
}

// value turns a cell's text into JSON of its field's type.
func (r *lineReader) value(t target, text string) (json.RawMessage, string) {
	switch f := t.declared(); f.Type {
	case models.TypeDate:
		date, ok := r.date(text)
		if !ok {
			return nil, "must be a date like 2024-12-31 or 12/31/2024"
		}
		return models.Quote(date), ""
	case models.TypeBool:
		switch strings.ToLower(text) {
		case "yes", "y", "true", "1":
			return json.RawMessage("true"), ""
		case "no", "n", "false", "0":
			return json.RawMessage("false"), ""
		}
		return nil, "must be yes or no"
	case models.TypeInteger:
		if r.sheet.excel {
			text = whole(text)
		}
		if _, err := strconv.Atoi(text); err != nil {
			return nil, "must be a whole number"
		}
		return json.RawMessage(text), ""
	case models.TypeTextList:
		return models.TextsValue(split(text)), ""
	case models.TypeCode:
		return models.Quote(code(text)), ""
	}
	return models.Quote(text), ""
}

// written is how workbooks write numbers: 3, 3.0 and 3E0 are the same cell.
var written = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([Ee][+-]?[0-9]+)?$`)

// whole writes a workbook's number without a fraction where it has none; what is no such
// number stays as it is.
func whole(text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !written.MatchString(text) || n != math.Trunc(n) || math.Abs(n) >= 1<<53 {
		return text
	}
	return strconv.FormatInt(int64(n), 10)
}

// split reads a list within a cell.
func split(text string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(";|\n", r) }) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// code makes "Shooting Review" shooting_review.
func code(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" _-", r) }), "_")
}

// lastDay is the number of 9999-12-31 in a workbook that counts from 1904, the lesser of both.
const lastDay = 2_957_003

// date reads a date as people write it here, or a workbook's day number.
func (r *lineReader) date(text string) (string, bool) {
	for _, layout := range []string{models.DateLayout, "1/2/2006", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(models.DateLayout), true
		}
	}
	days, err := strconv.ParseFloat(text, 64)
	if !r.sheet.excel || err != nil || !(days >= 1 && days <= lastDay) {
		return "", false
	}
	t, err := excelize.ExcelDateToTime(math.Floor(days), r.sheet.from1904)
	return t.Format(models.DateLayout), err == nil
}

// wholeAssessment wants both or none of what an assessment must have.
func (r *lineReader) wholeAssessment() {
	set, filled := r.sets["assessments"], ""
	for _, field := range []string{"arrest_count", "disposition", "shooting_review_on"} {
		if set[field] != nil && (filled == "" || r.cells[field] != "") {
			filled = field
		}
	}
	for _, field := range []string{"shooting_review_on", "disposition"} {
		switch told := slices.ContainsFunc(r.faults, func(f Fault) bool { return f.Field == field }); {
		case filled == "" || set[field] != nil || told:
		case r.cells[field] != "":
			r.fault(field, "must not be empty where the line has an assessment")
		default: // there is no such cell: the one that needs it is named
			r.fault(filled, "needs "+field+" in the same line, which no column fills")
		}
	}
}

// entry makes the mutations. A row's id comes from what identifies the line, a
// mutation's from its author and content.
func (r *lineReader) entry(person, user string) Entry {
	e := Entry{Line: r.line.No, row: r.line.Row, cells: r.cells}
	at := models.Text(r.sets["referrals"]["referred_on"]) + "T12:00:00.000Z"
	e.Person = mutation("people", person, user, at, r.sets["people"])
	child := func(table, name string) {
		set := maps.Clone(r.sets[table])
		set["person_id"] = models.Quote(person)
		if table == "referrals" && len(e.Children) > 0 {
			set["assessment_id"] = models.Quote(e.Children[0].Row)
		}
		e.Children = append(e.Children, mutation(table, models.DerivedID(person, "import/"+table+"/"+name), user, at, set))
	}
	if on := models.Text(r.sets["assessments"]["shooting_review_on"]); on != "" {
		child("assessments", on)
	}
	child("referrals", models.Text(r.sets["referrals"]["referred_on"])+"/"+models.Text(r.sets["referrals"]["source"]))
	return e
}

// key is what makes two lines the same person: the list's own number, or else code,
// names and date of birth.
func (r *lineReader) key() string {
	if id := r.text("external_id"); id != "" {
		return "id/" + strings.ToLower(id)
	}
	set := r.sets["people"]
	var parts []string
	for _, field := range []string{"code", "first_name", "last_name", "date_of_birth"} {
		parts = append(parts, plain(models.Text(set[field])))
	}
	return "name/" + strings.Join(parts, "/")
}

func mutation(table, row, user, at string, set map[string]json.RawMessage) models.Mutation {
	m := models.Mutation{Table: table, Row: row, Op: models.OpInsert, At: at, Set: set}
	content, err := json.Marshal(set) // keys are sorted: the same content is the same text
	if err != nil {
		content = []byte(row)
	}
	sum := sha256.Sum256(append([]byte(user+"/"+at+"/"), content...))
	m.ID = models.DerivedID(row, "import/"+hex.EncodeToString(sum[:]))
	return m
}
