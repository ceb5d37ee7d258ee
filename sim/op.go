package sim

import (
	"fmt"
	"math/rand/v2"
)

// Kind is what an operation does.
type Kind string

// The kinds. Edits fill a device's queue; exchanges are syncs with and without
// faults; decisions are made online; the rest strikes the servers.
const (
	editPerson   Kind = "person"
	editCase     Kind = "case"
	editContact  Kind = "contact"
	editAttempt  Kind = "attempt"
	editLate     Kind = "late"
	editName     Kind = "name"
	editPhones   Kind = "phones"
	editNotes    Kind = "notes"
	editRelation Kind = "relation"
	editOutcome  Kind = "outcome"
	editStatus   Kind = "status"
	editErase    Kind = "erase"
	editOrphan   Kind = "orphan"
	editStray    Kind = "stray"
	editRush     Kind = "rush"
	editLater    Kind = "later"

	syncPlain       Kind = "sync"
	syncLostRequest Kind = "lost-request"
	syncLostAnswer  Kind = "lost-answer"
	syncReplay      Kind = "replay"
	syncCut         Kind = "cut"
	syncAbort       Kind = "abort"

	decideAssign   Kind = "assign"
	decideEnd      Kind = "end"
	decideReassign Kind = "reassign"
	decideConflict Kind = "conflict"
	decideHeld     Kind = "held"
	decideRole     Kind = "role"

	appUpgrade     Kind = "upgrade"
	strikeBurst    Kind = "burst"
	strikeServer   Kind = "kill-server"
	strikeDatabase Kind = "kill-database"
	strikeRolling  Kind = "rolling-restart"
)

// Op is one operation: a kind and numbers that choose among what there is when it
// runs, so that a list stays runnable when operations are taken out.
type Op struct {
	Kind    Kind
	A, B, C uint32
}

func (o Op) String() string { return fmt.Sprintf("%s(%d,%d,%d)", o.Kind, o.A, o.B, o.C) }

type weight struct {
	kind  Kind
	share int
}

// weights is how often each kind comes. Strikes are set apart: each costs up to a
// second, and a run names how many it wants.
func weights() []weight {
	return []weight{
		{editPerson, 3}, {editCase, 4}, {editContact, 6}, {editAttempt, 9}, {editLate, 3}, {editName, 12}, {editPhones, 10},
		{editNotes, 10}, {editRelation, 7}, {editOutcome, 6}, {editStatus, 9}, {editErase, 6}, {editOrphan, 2}, {editStray, 1}, {editRush, 3},
		{syncPlain, 20}, {syncLostRequest, 3}, {syncLostAnswer, 5}, {syncReplay, 4}, {syncCut, 6}, {syncAbort, 3},
		{decideAssign, 3}, {decideEnd, 2}, {decideReassign, 3}, {decideConflict, 2}, {decideHeld, 2}, {decideRole, 1}, {strikeBurst, 1},
	}
}

// Plan says how long a list of operations is and what it is made of.
type Plan struct {
	Ops     int
	Strikes int // kills and restarts among them
	// Offline is how much longer people work between two exchanges than in the
	// usual mix: 10 makes edits ten times as frequent. 0 and 1 are the usual mix.
	Offline int
	// Apps mixes in what only apps of the next schema write, and upgrades of old
	// ones. The servers must be OpenTrial's.
	Apps bool
}

// Generate draws a list of operations from a seed, with strikes spread over it.
func Generate(seed uint64, plan Plan) []Op {
	source := rand.New(rand.NewPCG(seed, 1))
	mix, total := plan.mix()
	list := make([]Op, 0, plan.Ops)
	for range plan.Ops {
		list = append(list, Op{Kind: draw(source, mix, total), A: source.Uint32(), B: source.Uint32(), C: source.Uint32()})
	}
	kinds := []Kind{strikeServer, strikeServer, strikeDatabase, strikeRolling}
	for i := range min(plan.Strikes, plan.Ops) {
		at := (i + 1) * plan.Ops / (plan.Strikes + 1)
		list[at].Kind = kinds[source.IntN(len(kinds))]
	}
	return list
}

// mix is how often each kind comes in a plan, and the sum of it.
func (p Plan) mix() (mix []weight, total int) {
	mix = weights()
	if p.Apps {
		mix = append(mix, weight{editLater, 18}, weight{appUpgrade, 1})
	}
	for i := range mix {
		if mix[i].kind.offline() {
			mix[i].share *= max(1, p.Offline)
		}
		total += mix[i].share
	}
	return mix, total
}

// offline tells whether an operation leaves the device alone with its queue.
func (k Kind) offline() bool {
	switch k {
	case editPerson, editCase, editContact, editAttempt, editLate, editName, editPhones, editNotes,
		editRelation, editOutcome, editStatus, editErase, editOrphan, editStray, editRush, editLater:
		return true
	}
	return false
}

func draw(source *rand.Rand, mix []weight, total int) Kind {
	left := source.IntN(total)
	for _, one := range mix {
		if left -= one.share; left < 0 {
			return one.kind
		}
	}
	return syncPlain
}
