package push

import (
	"context"
	"fmt"
	"time"

	"pursuit/models/store"
	"pursuit/push/cadence"
	"pursuit/push/quiet"
)

const (
	peopleAtOnce = 100
	sentSince    = 48 * time.Hour   // what a local day's cap can count, in any zone
	lookAgain    = 15 * time.Minute // someone held back is looked at this often: zone, hours and settings may change
	lookSoonest  = time.Second
)

// plan decides, person by person, which pushes of a program may go now, and puts a job
// in for each of their devices.
func (s *Service) plan(ctx context.Context, program int32) error {
	for range lookSteps {
		due, err := s.store.PeopleToTell(ctx, program, s.store.Clock())
		if err != nil || !due {
			return err
		}
		var deferred int64
		err = store.InProgram(ctx, s.store, program, func(tx *store.ProgramTx) error {
			deferred = 0
			stored, err := tx.ReminderSettings()
			if err != nil {
				return err
			}
			people, err := tx.PeopleToTell(tx.Now.Add(-sentSince), peopleAtOnce)
			if err != nil {
				return err
			}
			r := newRules(tx.Program, stored)
			var pushes []store.NewPush
			for i := range people {
				send, held, err := r.tell(tx, &people[i])
				if err != nil {
					return err
				}
				pushes, deferred = append(pushes, send...), deferred+held
			}
			keys, err := tx.PlanPushes(pushes)
			if err != nil {
				return err
			}
			return s.enqueue(tx.Tx, keys)
		})
		if err != nil {
			return fmt.Errorf("plan pushes: %w", err)
		}
		s.counts.deferred.Add(deferred)
	}
	return nil
}

// tell decides for one person and gives what goes to them now, and how many reminders
// were held back.
func (r *rules) tell(tx *store.ProgramTx, p *store.PushPerson) (send []store.NewPush, held int64, err error) {
	if len(p.Devices) == 0 { // a token that arrives has them looked at again
		return nil, 0, tx.LookLater(p.UserID, tx.Now.Add(lookAgain))
	}
	waiting := make([]quiet.Waiting, len(p.Waiting))
	for i, n := range p.Waiting {
		waiting[i] = quiet.Waiting{ID: n.ID, Type: n.Kind, ReadyAt: n.ReadyAt}
		if !n.ReadyAt.After(tx.Now) {
			held++
		}
	}
	round := quiet.Plan(r.person(p), waiting, tx.Now)
	for _, push := range round.Send {
		held -= int64(len(push.Covers))
		send = append(send, store.NewPush{ID: push.ID, UserID: p.UserID, Kind: push.Type, Devices: p.Devices, Covers: push.Covers})
	}
	at := tx.Now.Add(lookAgain)
	if round.LookAt.Before(at) {
		at = round.LookAt
	}
	if soonest := tx.Now.Add(lookSoonest); at.Before(soonest) {
		at = soonest
	}
	return send, held, tx.LookLater(p.UserID, at)
}

// person gives somebody's own zone and quiet hours, or else the program's zone and
// their organisation's hours.
func (r *rules) person(p *store.PushPerson) quiet.Person {
	settings := r.of(p.OrgID)
	hours := settings.QuietHours
	if p.QuietStart != "" && p.QuietEnd != "" {
		if own, err := cadence.ParseHours(p.QuietStart, p.QuietEnd); err == nil {
			hours = own
		}
	}
	return quiet.Person{UserID: p.UserID, Zone: zoneOf(p.TimeZone, r.zone), Hours: hours, Cap: settings.PushCap, Sent: p.Sent}
}
