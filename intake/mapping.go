package intake

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"pursuit/models"
)

// target is a field that a column can fill.
type target struct {
	name     string // as --map names it
	table    string // "" for external_id
	required bool
	aliases  []string // headings that are taken for it, beside its name
}

// targets lists what a list can hold. A line needs a code and a referral's source and
// date; an assessment is made where shooting_review_on and disposition are filled.
func targets() []target {
	return []target{
		{name: "external_id", aliases: []string{"id", "case number", "case no", "number"}},
		{name: "code", table: "people", required: true, aliases: []string{"code name", "street code", "alias code"}},
		{name: "first_name", table: "people", aliases: []string{"first", "given name"}},
		{name: "last_name", table: "people", aliases: []string{"last", "surname", "family name"}},
		{name: "aliases", table: "people", aliases: []string{"aka", "nicknames", "moniker"}},
		{name: "date_of_birth", table: "people", aliases: []string{"dob", "birth date", "born"}},
		{name: "gender", table: "people", aliases: []string{"sex"}},
		{name: "phones", table: "people", aliases: []string{"phone", "telephone", "phone number", "phone numbers"}},
		{name: "address", table: "people"},
		{name: "languages", table: "people", aliases: []string{"language"}},
		{name: "supervision", table: "people"},
		{name: "houseless", table: "people", aliases: []string{"homeless", "unhoused"}},
		{name: "notes", table: "people", aliases: []string{"note", "comments", "comment"}},
		{name: "shooting_review_on", table: "assessments", aliases: []string{"shooting review", "review date", "reviewed on"}},
		{name: "disposition", table: "assessments"},
		{name: "arrest_count", table: "assessments", aliases: []string{"arrests"}},
		{name: "source", table: "referrals", required: true, aliases: []string{"referral source", "referred by"}},
		{name: "referred_on", table: "referrals", required: true, aliases: []string{"referral date", "date referred", "referred"}},
		{name: "reason", table: "referrals", aliases: []string{"referral reason"}},
	}
}

// Mapping says which column fills which field, and what fills a field without one.
type Mapping struct {
	columns  map[string]int // by target name
	defaults map[string]string
	unread   []string
}

// Unread names the columns that fill no field and hold something, for people: a
// misspelt heading is one of them.
func (m Mapping) Unread() []string { return m.unread }

// NewMapping finds the columns of a sheet by their headings. given pairs go first:
// "field=Heading" names a column, "field:=value" fills the field of every line, and of
// both the value fills where the cell is empty. The error names what cannot be and what
// there is; nothing is guessed where two columns could fill a field.
func NewMapping(s Sheet, given []string) (Mapping, error) {
	m := Mapping{columns: map[string]int{}, defaults: map[string]string{}}
	for _, pair := range given {
		if err := m.give(s, pair); err != nil {
			return m, err
		}
	}
	for _, t := range targets() {
		if _, done := m.columns[t.name]; done || m.defaults[t.name] != "" {
			continue
		}
		if err := m.find(s, t); err != nil {
			return m, err
		}
	}
	m.unread = unread(s, m.columns)
	return m, nil
}

func (m *Mapping) give(s Sheet, pair string) error {
	name, value, ok := strings.Cut(pair, "=")
	fixed := strings.HasSuffix(name, ":")
	name = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(name), ":"))
	if !ok || !slices.ContainsFunc(targets(), func(t target) bool { return t.name == name }) {
		return fmt.Errorf("--map must be FIELD=HEADING or FIELD:=VALUE, with one of the fields %s", strings.Join(targetNames(), ", "))
	}
	_, column := m.columns[name]
	if _, filled := m.defaults[name]; fixed && filled || !fixed && column {
		return fmt.Errorf("--map %s is given twice", name)
	}
	if fixed {
		m.defaults[name] = strings.TrimSpace(value)
		return m.checkDefault(s, name)
	}
	switch found := headings(s, value); len(found) {
	case 0:
		return fmt.Errorf("--map %s: the list has no such heading; it has: %s", name, allHeadings(s))
	case 1:
		m.columns[name] = found[0]
		return nil
	default:
		return fmt.Errorf("--map %s: several columns have that heading: %s; rename all but one", name, columns(s, found))
	}
}

// checkDefault wants a value that every line can have.
func (m *Mapping) checkDefault(s Sheet, name string) error {
	value := m.defaults[name]
	if value == "" {
		return fmt.Errorf("--map %s:= must have a value", name)
	}
	for _, t := range targets() {
		if t.name != name || t.table == "" {
			continue
		}
		r := lineReader{sheet: s}
		raw, wrong := r.value(t, value)
		if wrong == "" {
			_, wrong = models.Canon(t.declared(), raw)
		}
		if wrong != "" {
			return fmt.Errorf("--map %s:= %s", name, wrong)
		}
	}
	return nil
}

// find takes the column that has a field's name as its heading, or else the one whose
// heading is usual for it.
func (m *Mapping) find(s Sheet, t target) error {
	found := headings(s, t.name)
	if len(found) == 0 {
		found = headings(s, t.aliases...)
	}
	switch {
	case len(found) == 1:
		m.columns[t.name] = found[0]
	case len(found) > 1:
		return fmt.Errorf("several columns could fill %s: %s; name one with --map %s=HEADING, or rename all but one", t.name, columns(s, found), t.name)
	case t.required:
		return fmt.Errorf("no column fills %s: name one with --map %s=HEADING or fill it with --map %s:=VALUE; the list has: %s",
			t.name, t.name, t.name, allHeadings(s))
	}
	return nil
}

func targetNames() []string {
	var out []string
	for _, t := range targets() {
		out = append(out, t.name)
	}
	return out
}

// headings finds the columns with one of the names; case, spaces and underscores aside.
func headings(s Sheet, names ...string) (found []int) {
	for i, h := range s.Headings {
		if plain(h) != "" && slices.ContainsFunc(names, func(name string) bool { return plain(h) == plain(name) }) {
			found = append(found, i)
		}
	}
	return found
}

// unread names the columns that fill nothing, but for empty ones without a heading.
func unread(s Sheet, used map[string]int) (names []string) {
	free := make([]bool, len(s.Headings))
	for i, h := range s.Headings {
		free[i] = strings.TrimSpace(h) != ""
	}
	for _, line := range s.Lines {
		for i, text := range line.Cells {
			free[i] = free[i] || strings.TrimSpace(text) != ""
		}
	}
	for _, at := range used {
		free[at] = false
	}
	for i, is := range free {
		if is {
			names = append(names, columns(s, []int{i}))
		}
	}
	return names
}

// headingShown is how much of a heading is told: a list without headings would else be
// told whole.
const headingShown = 40

// columns names columns for people, such as C (Street name).
func columns(s Sheet, at []int) string {
	var names []string
	for _, i := range at {
		name := columnName(i + 1)
		if h := shown(s.Headings[i]); h != "" {
			name += " (" + h + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// allHeadings names every heading of a sheet.
func allHeadings(s Sheet) string {
	var names []string
	for _, h := range s.Headings {
		if h = shown(h); h != "" {
			names = append(names, h)
		}
	}
	return strings.Join(names, ", ")
}

// shown is a heading in one line, without what a terminal would take for an order.
func shown(h string) string {
	h = strings.Join(strings.FieldsFunc(h, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if letters := []rune(h); len(letters) > headingShown {
		h = string(letters[:headingShown]) + "…"
	}
	return h
}

func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-.\u00a0", r) {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(text)))
}

// declared is the declaration of a target's field.
func (t target) declared() *models.Field {
	table := models.Tables.Table(t.table)
	return &table.Fields[table.Field(t.name)]
}
