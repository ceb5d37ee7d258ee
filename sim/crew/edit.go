package crew

import (
	"fmt"
	"strings"
	"time"

	"pursuit/sim/harness"
)

const (
	// batchMost is how many edits one turn makes at most; with notes of noteMost
	// bytes a request and the pages that answer it are long enough to be cut.
	batchMost = 10
	noteMost  = 3000
	// peopleMost bounds a member's cases, so that rows gather a history.
	peopleMost = 12
	// keptMost bounds the contacts that stand: then the next one goes.
	keptMost = 60
)

// edit queues some edits of the member's own rows.
func (m *Member) edit() {
	for range 1 + m.random.IntN(batchMost) {
		m.one()
	}
}

func (m *Member) one() {
	draw := m.random.IntN(10)
	switch {
	case len(m.people) == 0 || draw == 0 && len(m.people) < peopleMost:
		m.people = append(m.people, m.add("people", map[string]any{"code": m.word("Code"), "phones": []string{m.word("phone")}, "notes": m.note()}))
	case draw < 4 && len(m.kept) < keptMost:
		person := m.people[m.random.IntN(len(m.people))]
		m.kept = append(m.kept, m.add("known_contacts", map[string]any{"person_id": person, "name": m.word("Contact"), "relation": "family"}))
	case draw <= 4 && len(m.kept) > 0:
		at := m.random.IntN(len(m.kept))
		gone := m.kept[at]
		m.kept = append(m.kept[:at], m.kept[at+1:]...)
		m.queueUp(harness.Delete("known_contacts", gone, m.base("known_contacts", gone)))
	case draw == 5 && len(m.kept) > 0:
		m.patch("known_contacts", m.kept[m.random.IntN(len(m.kept))], map[string]any{"name": m.word("Contact")})
	case draw == 6:
		m.patch("people", m.people[m.random.IntN(len(m.people))], map[string]any{"phones": m.phones()})
	default:
		m.patch("people", m.people[m.random.IntN(len(m.people))], map[string]any{"first_name": m.word("Name")})
	}
}

// phones is a whole new list: a device that changes its own list again replaces it.
func (m *Member) phones() []string {
	list := make([]string, 1+m.random.IntN(3))
	for i := range list {
		list[i] = m.word("phone")
	}
	return list
}

func (m *Member) add(table string, set map[string]any) string {
	one := harness.Insert(table, set)
	m.queueUp(one)
	return one.Row
}

func (m *Member) patch(table, row string, set map[string]any) {
	m.queueUp(harness.Patch(table, row, m.base(table, row), set))
}

func (m *Member) queueUp(one harness.Mutation) {
	one.At = harness.At(time.Now().Add(m.Skew))
	added := &entry{wire: one}
	m.made, m.queue = append(m.made, added), append(m.queue, added)
}

func (m *Member) base(table, row string) int64 {
	if local := m.Row(table, row); local != nil {
		return local.V()
	}
	return 0
}

func (m *Member) word(kind string) string {
	m.words++
	return fmt.Sprintf("%s %s.%d", kind, m.Name, m.words)
}

func (m *Member) note() string {
	return strings.Repeat("n", 1+m.random.IntN(noteMost)) + m.word(" note")
}
