package push

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/push/cadence"
)

const servicesAtOnce = 250 // that change, in one transaction: pushes of phones wait no longer than some 50 ms

type tally struct{ raised, settled int64 }

// act evaluates services once more while the program is held, and writes what they
// ask for. One that moved since its clock was read is left to the next look. What was
// read of one that did not move still holds, but for how far its pushes are: a service
// that has reminders is read again.
func (s *Service) act(ctx context.Context, program int32, due []store.DueService, read map[string]*store.ReminderCase) error {
	var did tally
	err := s.rows.ServerRows(ctx, program, func(tx *store.ProgramTx) ([]store.ServerRow, error) {
		r := round{tx: tx}
		err := r.services(due, read)
		did = r.did
		return r.rows, err
	})
	if err != nil {
		return fmt.Errorf("raise reminders: %w", err)
	}
	s.counts.due.Add(did.raised)
	s.counts.moot.Add(did.settled)
	return nil
}

// round is one look at some services, in one transaction.
type round struct {
	tx    *store.ProgramTx
	rules *rules
	rows  []store.ServerRow
	did   tally
}

func (r *round) services(due []store.DueService, read map[string]*store.ReminderCase) error {
	due, err := r.tx.Unmoved(due)
	if err != nil || len(due) == 0 {
		return err
	}
	stored, err := r.tx.ReminderSettings()
	if err != nil {
		return err
	}
	r.rules = newRules(r.tx.Program, stored)
	var again []string
	var cases []*store.ReminderCase
	for _, d := range due {
		if c := read[d.ID]; c != nil {
			cases = append(cases, c)
		} else {
			again = append(again, d.ID)
		}
	}
	if len(again) > 0 {
		more, err := r.tx.ReminderCases(again)
		if err != nil {
			return err
		}
		cases = append(cases, more...)
	}
	next := make(map[string]time.Time, len(due))
	for _, c := range cases {
		if next[c.ServiceID], err = r.service(c); err != nil {
			return err
		}
	}
	return r.tx.SetReminderClocks(r.tx.Program.No, due, next) // one whose row is gone is not looked at again
}

// service evaluates one service and gives when to look again.
func (r *round) service(c *store.ReminderCase) (time.Time, error) {
	plan := cadence.Evaluate(r.rules.caseOf(c), existing(c), r.tx.Now)
	notes := map[string]*store.ReminderNote{}
	for i := range c.Notes {
		notes[c.Notes[i].ID] = &c.Notes[i]
	}
	for _, change := range plan.Settle {
		if n := notes[change.Key.ID()]; n != nil {
			r.settle(n, change)
		}
	}
	for i := range c.Notes {
		if err := r.note(&c.Notes[i]); err != nil {
			return time.Time{}, err
		}
	}
	for _, raised := range plan.Raise {
		if err := r.add(raised); err != nil {
			return time.Time{}, err
		}
	}
	return plan.Next, nil
}

// add makes the row of a new reminder, with a push that waits.
func (r *round) add(n cadence.Reminder) error {
	id := n.Key.ID()
	r.rows = append(r.rows, store.ServerRow{Table: "reminders", ID: id, Bucket: n.ServiceID, Set: map[string]json.RawMessage{
		"service_id": models.Quote(n.ServiceID), "user_id": idValue(n.UserID), "kind": models.Quote(n.Kind),
		"due_at": models.TimeValue(n.DueAt), "state": models.Quote(cadence.StatePending), "escalation": models.IntValue(int64(n.Escalation)),
	}})
	r.did.raised++
	return r.tx.SaveReminderNote(store.ReminderNote{ID: id, ServiceID: n.ServiceID, RuleKey: n.Key.String(), Kind: n.Kind,
		UserID: n.UserID, Push: store.NoteWaiting, ReadyAt: n.DueAt})
}

func idValue(id string) json.RawMessage {
	if id == "" {
		return nil
	}
	return models.Quote(id)
}

// settle changes an open reminder's row as a rule says.
func (r *round) settle(n *store.ReminderNote, c cadence.Change) {
	set := map[string]json.RawMessage{}
	if c.State != "" {
		set["state"] = models.Quote(c.State)
		n.RowState = c.State
		r.did.settled++
	} else {
		set["user_id"] = idValue(c.UserID)
		n.UserID, n.Push = c.UserID, store.NoteNew // its new person was told nothing yet
	}
	r.rows = append(r.rows, store.ServerRow{Table: "reminders", ID: n.ID, Set: set})
}

// note keeps what is known of a reminder's push in step with its row.
func (r *round) note(n *store.ReminderNote) error {
	push, ready, change := nextNote(*n)
	if !change {
		return nil
	}
	n.Push, n.ReadyAt = push, ready
	return r.tx.SaveReminderNote(*n)
}

// nextNote decides where a reminder stands with its push. A closed one is not pushed;
// an open one is pushed once when it is due, and once more at the end of each snooze:
// that is what a snooze asks for.
func nextNote(n store.ReminderNote) (push string, ready time.Time, change bool) {
	open := n.RowState == cadence.StatePending || n.RowState == cadence.StateSnoozed
	if !open {
		return store.NoteClosed, n.DueAt, n.Push != store.NoteClosed && n.Push != store.NoteSent
	}
	ready = n.DueAt
	if n.RowState == cadence.StateSnoozed && n.SnoozedUntil.After(ready) {
		ready = n.SnoozedUntil
	}
	switch n.Push {
	case store.NoteNew, store.NoteClosed:
		return store.NoteWaiting, ready, true
	case store.NoteWaiting:
		return store.NoteWaiting, ready, !ready.Equal(n.ReadyAt)
	default: // queued or sent
		return store.NoteWaiting, ready, ready.After(n.ReadyAt)
	}
}

// existing turns the noted reminders that a rule made into what the rules know.
func existing(c *store.ReminderCase) []cadence.Existing {
	var out []cadence.Existing
	for _, n := range c.Notes {
		key, err := cadence.ParseKey(n.RuleKey)
		if err != nil { // made by a person
			continue
		}
		state := n.RowState
		if state == "" {
			state = cadence.StateCancelled // removed
		}
		out = append(out, cadence.Existing{Key: key, UserID: n.UserID, DueAt: n.DueAt, State: state, Sent: n.Push == store.NoteSent})
	}
	return out
}
