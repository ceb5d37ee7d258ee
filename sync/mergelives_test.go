package sync

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// lives is a program in which people are merged again and again amid the work of
// phones that pull one page now and then, and know old ids.
type lives struct {
	*crew
	r      *rand.Rand
	users  []models.Actor
	phones []*phone
	cases  []pursuit         // with the ids that they had at first
	became map[string]string // a merged id → its survivor, one step
	bases  map[string]int64  // of a person when it was last seen under its own id
	made   map[string]string // the table of each row that was accepted
	added  map[string]bool   // values that were written of people
}

func newLives(t *testing.T, s *store.Store, seed uint64) *lives {
	l := &lives{crew: newCrew(t, s), r: rand.New(rand.NewPCG(seed, seed)), became: map[string]string{}, made: map[string]string{}, bases: map[string]int64{}, added: map[string]bool{}}
	l.users = []models.Actor{l.worker, l.user(models.RoleOutreachWorker), l.keeper, l.supervisor}
	for range l.users {
		l.phones = append(l.phones, &phone{rows: map[string]seen{}})
	}
	for range 3 {
		l.opens()
	}
	return l
}

func (l *lives) survivor(id string) string {
	for l.became[id] != "" {
		id = l.became[id]
	}
	return id
}

func (l *lives) opens() {
	p := l.open(l.users[l.r.IntN(2)])
	l.cases = append(l.cases, p)
	l.bases[p.person] = l.stored("people", p.person).V
}

func (l *lives) someCase() pursuit { return l.cases[l.r.IntN(len(l.cases))] }

// merges makes one of two people, by any of the ids that they ever had.
func (l *lives) merges() {
	keep, gone := l.someCase().person, l.someCase().person
	out := l.merge(l.supervisor, keep, gone)
	if a, b := l.survivor(keep), l.survivor(gone); a != b {
		l.became[b] = a
	}
	if out.PersonID != l.survivor(keep) {
		l.t.Fatalf("merged into %s, want %s", out.PersonID, l.survivor(keep))
	}
}

// writes sends something that speaks of a person by the id that a phone may know.
// Whatever becomes of it, it is not refused: it is stored or kept for a supervisor.
func (l *lives) writes() {
	who, p := l.users[l.r.IntN(len(l.users))], l.someCase()
	number := fmt.Sprint(l.r.Int64())
	contact := insertOf("known_contacts", map[string]any{"person_id": p.person, "name": "N", "relation": "family"})
	for _, it := range [][]Item{
		{attemptAt(p)}, {contact},
		{item(models.OpPatch, "people", p.person, l.bases[p.person], map[string]any{"phones": []string{number}})},
		{item(models.OpPatch, "people", p.person, l.bases[p.person], map[string]any{"first_name": number})},
	}[l.r.IntN(4)] {
		r := l.result(who, it)
		switch {
		case r.Status == models.StatusRejected && r.Code != models.CodeRowGone || r.Status == models.StatusRejected && l.holdsPerson(who, p):
			l.t.Fatalf("%s of %s by a %s is refused: %s %s", it.Op, it.Table, who.Role, r.Code, r.Message)
		case r.Status == models.StatusApplied || r.Status == models.StatusMerged:
			l.noted(it, number)
		}
	}
}

func (l *lives) holdsPerson(who models.Actor, p pursuit) bool {
	held, err := l.e.Holds(context.Background(), who, l.survivor(p.person))
	l.must(err)
	return held
}

func (l *lives) noted(it Item, number string) {
	if it.Op == models.OpInsert {
		l.made[it.Row] = it.Table
	} else {
		l.added[number] = true
	}
}

// moves ends or begins somebody's work on a case.
func (l *lives) moves() {
	p, who := l.someCase(), l.users[l.r.IntN(2)]
	if l.r.IntN(2) == 0 {
		l.assign(p, who)
		return
	}
	var ids []string
	rows, err := l.e.store.SQLDB().Query(`SELECT id FROM assignments WHERE service_id = '` + p.service + `' AND ended_at IS NULL`)
	l.must(err)
	for rows.Next() {
		var id string
		l.must(rows.Scan(&id))
		ids = append(ids, id)
	}
	l.must(rows.Close())
	for _, id := range ids {
		l.push(l.supervisor, item(models.OpPatch, "assignments", id, endless, map[string]any{"ended_at": "2026-01-02T03:04:05.000Z"}))
	}
}

// pulls takes one page of a few rows; one answer in six is lost on the way.
func (l *lives) pulls() {
	n := l.r.IntN(len(l.users))
	page, err := l.e.Pull(context.Background(), l.users[n], PullRequest{Cursor: l.phones[n].cursor, Limit: 1 + l.r.IntN(4)})
	l.must(err)
	if l.r.IntN(6) > 0 {
		l.phones[n].apply(page, changesOf(l.t.(fataler), page))
		l.phones[n].cursor = page.Cursor
	}
}

// check: phones hold what a first pull brings and digests agree; no row speaks of a
// person who is not there; who works a service holds its person, and nobody else because
// of it; nothing that was accepted is missing.
func (l *lives) check() {
	for n, who := range l.users {
		l.onPhone(l.phones[n], who, 3)
		l.current(l.phones[n], who)
	}
	for table, column := range map[string]string{"known_contacts": "person_id", "referrals": "person_id", "services": "person_id"} {
		l.none(`SELECT count(*) FROM ` + table + ` x WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.id = x.` + column + `)`)
	}
	l.none(`SELECT count(*) FROM feed f WHERE NOT f.deleted AND f.tbl IN (2, 4) AND f.bucket NOT IN (SELECT id FROM people)`)
	l.none(`SELECT count(*) FROM services v WHERE NOT EXISTS (SELECT 1 FROM grants g WHERE g.bucket = v.person_id AND g.principal = v.org_id AND g.revoked IS NULL)`)
	l.none(`SELECT count(*) FROM assignments a JOIN services v ON v.id = a.service_id WHERE a.ended_at IS NULL AND NOT EXISTS (
		SELECT 1 FROM grants g WHERE g.bucket = v.person_id AND g.principal = a.user_id AND g.revoked IS NULL)`)
	l.none(`SELECT count(*) FROM grants g WHERE g.revoked IS NULL AND g.source LIKE 'assignment:%' AND NOT EXISTS (
		SELECT 1 FROM assignments a WHERE g.source = 'assignment:' || a.id AND a.ended_at IS NULL)`)
	l.none(fmt.Sprintf(`SELECT count(*) - %d FROM people`, len(l.cases)-len(l.became)))
	for id, table := range l.made {
		l.none(`SELECT 1 - count(*) FROM ` + table + ` WHERE id = '` + id + `'`)
	}
	for number := range l.added { // it stands, stood, or lost and is kept
		l.none(`SELECT CASE WHEN EXISTS (SELECT 1 FROM feed WHERE doc LIKE '%` + number + `%')
			OR EXISTS (SELECT 1 FROM versions WHERE doc LIKE '%` + number + `%') THEN 0 ELSE 1 END`)
	}
}

func (l *lives) none(query string) {
	l.t.Helper()
	var n int
	l.must(l.e.store.SQLDB().QueryRow(query).Scan(&n))
	if n != 0 {
		l.t.Errorf("%s: %d", query, n)
	}
}

// Whoever is merged into whom, in chains and back, while people write by old ids,
// cases change hands and pages are cut and lost: every phone ends with exactly what a
// first pull brings, and nothing that was accepted is lost.
func TestLivesOfMergedPeople(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				l := newLives(t, s, seed)
				for range 70 {
					l.happens()
				}
				l.check()
			})
		})
	}
}

// happens lets something happen.
func (l *lives) happens() {
	switch act := l.r.IntN(12); {
	case act == 0:
		l.opens()
	case act <= 2:
		l.merges()
	case act == 3:
		l.moves()
	case act <= 7:
		l.writes()
	default:
		l.pulls()
	}
	l.pass(time.Second)
}
