package intake

import (
	"fmt"
	"slices"
	"strings"

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
}

// NewMapping finds the columns of a sheet by their headings. given pairs go first:
// "field=Heading" names a column, "field:=value" fills the field of every line. The
// error names what cannot be and what there is.
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
		if at := heading(s, append([]string{t.name}, t.aliases...)...); at >= 0 {
			m.columns[t.name] = at
			continue
		}
		if t.required {
			return m, fmt.Errorf("no column fills %s: name one with --map %s=HEADING or fill it with --map %s:=VALUE; the list has: %s",
				t.name, t.name, t.name, strings.Join(s.Headings, ", "))
		}
	}
	return m, nil
}

func (m *Mapping) give(s Sheet, pair string) error {
	name, value, ok := strings.Cut(pair, "=")
	fixed := strings.HasSuffix(name, ":")
	name = strings.TrimSuffix(strings.TrimSpace(name), ":")
	if !ok || !slices.ContainsFunc(targets(), func(t target) bool { return t.name == name }) {
		return fmt.Errorf("--map must be FIELD=HEADING or FIELD:=VALUE, with one of the fields %s", strings.Join(targetNames(), ", "))
	}
	if fixed {
		m.defaults[name] = value
		return nil
	}
	at := heading(s, value)
	if at < 0 {
		return fmt.Errorf("--map %s: the list has no such heading; it has: %s", name, strings.Join(s.Headings, ", "))
	}
	m.columns[name] = at
	return nil
}

func targetNames() []string {
	var out []string
	for _, t := range targets() {
		out = append(out, t.name)
	}
	return out
}

// heading finds the column with one of the names; case, spaces and underscores aside.
func heading(s Sheet, names ...string) int {
	for _, name := range names {
		for i, h := range s.Headings {
			if plain(h) == plain(name) && plain(name) != "" {
				return i
			}
		}
	}
	return -1
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
