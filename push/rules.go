package push

import (
	"encoding/json"
	"errors"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/push/cadence"
)

// CheckSetting tells what is wrong with the value of a setting that reminders or
// retention read; nil for a good one and for keys that are not theirs.
func CheckSetting(key string, value json.RawMessage) error {
	err := cadence.Validate(key, value)
	if err == nil {
		return nil
	}
	if fault := (cadence.Fault{}); errors.As(err, &fault) {
		if fault.Key == "" {
			return nil
		}
		return errors.New(fault.Reason)
	}
	return err
}

// rules are the settings of a program, read once a look.
type rules struct {
	zone   *time.Location
	stored map[string]store.Settings
	read   map[string]cadence.Settings // by organisation
}

func newRules(p models.Program, stored map[string]store.Settings) *rules {
	return &rules{zone: zoneOf(p.TimeZone, time.UTC), stored: stored, read: map[string]cadence.Settings{}}
}

// zoneOf gives a time zone by name, else another.
func zoneOf(name string, other *time.Location) *time.Location {
	if name == "" {
		return other
	}
	zone, err := time.LoadLocation(name)
	if err != nil { // checked when it was stored
		return other
	}
	return zone
}

// of gives what holds for an organisation. A stored value that cannot be used (it was
// written by an older server) leaves the wider one in force.
func (r *rules) of(org string) cadence.Settings {
	if s, ok := r.read[org]; ok {
		return s
	}
	s, _ := cadence.Parse(r.stored[""], r.stored[org])
	r.read[org] = s
	return s
}

func (r *rules) caseOf(c *store.ReminderCase) cadence.Case {
	out := cadence.Case{ServiceID: c.ServiceID, Track: c.Track, OpenedAt: c.CreatedAt, Zone: r.zone,
		ShortTermEndsOn: dateOf(c.ShortTermEndsOn), Supervisors: c.Supervisors, Settings: r.of(c.OrgID)}
	for _, a := range c.Assignments {
		out.Assignments = append(out.Assignments, cadence.Assignment{UserID: a.UserID, Role: a.Role, Started: a.Started, Ended: a.Ended, Inactive: !a.Active})
	}
	for _, a := range c.Attempts {
		out.Attempts = append(out.Attempts, cadence.Attempt{ID: a.ID, WorkerID: a.WorkerID, Channel: a.Channel, Outcome: a.Outcome,
			OccurredAt: a.OccurredAt, RecordedAt: a.RecordedAt, ReceivedAt: a.ReceivedAt, ClockSuspect: a.ClockSuspect, PolicyException: a.PolicyException})
	}
	for _, h := range c.History {
		out.History = append(out.History, cadence.StatusChange{From: h.From, To: h.To, At: h.At})
	}
	for _, i := range c.Items {
		out.Items = append(out.Items, cadence.ActionItem{ID: i.ID, OwnerID: i.OwnerID, DueOn: dateOf(i.DueOn), DoneOn: dateOf(i.DoneOn)})
	}
	return out
}

// dateOf reads a stored date; zero when there is none.
func dateOf(text string) cadence.Date {
	d, err := cadence.ParseDate(text)
	if err != nil {
		return cadence.Date{}
	}
	return d
}
