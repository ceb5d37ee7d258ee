package demo

import (
	"fmt"
	"time"
)

// person is an invented individual.
type person struct {
	id                string
	code, first, last string
	gender            string
	born              string // date
	phones            []string
	supervision       string
	houseless         bool
	language          string
	notes             string
	adult             bool // aged 18 to 44 at the end of the year
}

var (
	codeColours = [...]string{"Amber", "Ash", "Blue", "Bronze", "Cedar", "Cobalt", "Copper", "Coral", "Dusk", "Ember",
		"Fern", "Flint", "Frost", "Gold", "Granite", "Hazel", "Indigo", "Ivory", "Jade", "Moss"}
	codeBirds = [...]string{"Avocet", "Bittern", "Crane", "Curlew", "Dipper", "Egret", "Finch", "Grebe", "Heron", "Ibis",
		"Jay", "Kestrel", "Lark", "Merlin", "Osprey", "Plover", "Quail", "Rail", "Swift", "Tern"}
	firstNames = [...]string{"Alder", "Basil", "Cassius", "Dorian", "Emery", "Fabian", "Gareth", "Hollis", "Idris", "Jonah",
		"Keaton", "Lionel", "Marlow", "Nestor", "Orlan", "Percival", "Quill", "Rowan", "Silas", "Tobias", "Ulric"}
	lastNames = [...]string{"Examplewood", "Fictionley", "Inventson", "Madeupham", "Notareal", "Pretendale", "Samplefield",
		"Specimen", "Storyborn", "Testwater", "Unrealton", "Writtenby", "Imagineer", "Daydreamer", "Fablewright", "Mockingham",
		"Nowherefield"}
	staffFirst = [...]string{"Wren", "Sage", "Robin", "Juniper", "Linden", "Marigold", "Clover", "Aspen", "Laurel", "Reed",
		"Poppy", "Sorrel", "Birch", "Tansy", "Bramble", "Heather", "Rowena", "Thorne"}
	staffLast = [...]string{"Demoson", "Samplesmith", "Fauxley", "Mockwell", "Examplar"}
	languages = [...]share{{"en", 78}, {"es", 12}, {"so", 4}, {"vi", 3}, {"ru", 3}}
	personal  = [...]string{
		"Prefers texts. Do not call before noon.",
		"Asks to be met away from home.",
		"Works nights; afternoons are best.",
		"Safety plan:\n- meet in public places only\n- never with the cousin present\n- call ahead",
		"Interested in:\n- trade apprenticeship\n- help with the driving licence",
	}
)

// phonesAPrefix is how many numbers of an area lie in the range kept for fiction.
const phonesAPrefix = 100

// phoneAreas are area codes of Oregon and Washington; each has 555-0100 to 555-0199.
var phoneAreas = [...]string{"503", "971", "541", "458", "360", "564", "425", "206", "253"}

// phone deals out invented numbers, each once, as long as there are any.
func (b *builder) phone() string {
	n := b.phones
	b.phones++
	area := phoneAreas[n/phonesAPrefix%len(phoneAreas)]
	return fmt.Sprintf("+1%s55501%02d", area, n%phonesAPrefix)
}

func staffName(n int) string {
	return staffFirst[n%len(staffFirst)] + " " + staffLast[(n+n/len(staffFirst))%len(staffLast)]
}

// personFor invents the next individual.
func (b *builder) personFor(d *dice, disposition string, made moment) *person {
	n := b.people
	b.people++
	p := &person{
		id:     idFor(b.calendar.instant(made), fmt.Sprintf("person/%d", n)),
		code:   codeColours[(n+n/len(codeBirds))%len(codeColours)] + " " + codeBirds[n%len(codeBirds)],
		first:  firstNames[n%len(firstNames)],
		last:   lastNames[(n*5+n/len(firstNames))%len(lastNames)],
		gender: d.draw([]share{{"male", 88}, {"female", 10}, {"nonbinary", 2}}),
		phones: []string{b.phone()},
		supervision: d.draw([]share{{"none", 38}, {"probation", 26}, {"parole", 8}, {"post_prison", 12},
			{"unknown", 16}}),
		houseless: disposition == dispositionSSCC,
		language:  d.draw(languages[:]),
		adult:     d.percent(92) && disposition != dispositionPPS,
	}
	age := d.between(19, 43)
	switch {
	case disposition == dispositionPPS:
		age = 16
	case !p.adult:
		age = d.between(46, 55)
	}
	p.born = time.Date(Year-age, time.Month(d.between(1, monthsAYear)), d.between(1, 28), 0, 0, 0, 0, time.UTC).Format("2006-01-02")
	if d.percent(25) {
		p.notes = pick(d, personal[:])
	}
	return p
}

// row is what is written when the person is entered.
func (p *person) row(d *dice) fields {
	set := fields{"code": p.code, "first_name": p.first, "last_name": p.last, "date_of_birth": p.born,
		"gender": p.gender, "phones": p.phones, "languages": []string{p.language},
		"supervision": p.supervision, "houseless": p.houseless}
	if !p.houseless && d.percent(60) {
		set["address"] = fmt.Sprintf("%d Nowhere Street, Exampleville", d.between(1, 99))
	}
	if d.percent(20) {
		set["aliases"] = []string{p.first[:1] + "-" + p.last[:3]}
	}
	if p.notes != "" {
		set["notes"] = p.notes
	}
	return set
}

// factorKeys are the seven factors of high risk (docs/protocol.md).
var factorKeys = [...]string{"male", "aged_18_44", "arrests_5_8", "group_involved", "previously_shot",
	"connected_to_recent_victim", "prior_justice_involvement"}

// fullRisk is how many of the factors make high risk.
const fullRisk = 5

// factors answers the seven factors, true to the person's gender and age: at least
// five when high, at most four otherwise.
func (p *person) factors(d *dice, high bool) map[string]string {
	found := make(map[string]string, len(factorKeys))
	for _, key := range factorKeys {
		found[key] = "yes"
	}
	fixed := 0
	if p.gender != "male" {
		found["male"] = "no"
		fixed++
	}
	if !p.adult {
		found["aged_18_44"] = "no"
		fixed++
	}
	off := d.between(0, len(factorKeys)-fullRisk-fixed)
	if !high {
		off = d.between(3, 5) - fixed
	}
	open := []string{"arrests_5_8", "group_involved", "previously_shot", "connected_to_recent_victim", "prior_justice_involvement"}
	shuffle(d, open)
	for _, key := range open[:max(off, 0)] {
		found[key] = "no"
	}
	return found
}
