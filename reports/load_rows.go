package reports

import (
	"fmt"
	"time"

	"pursuit/models/store"
)

// A stored row becomes an input of the counting half. Dates were checked when they
// were written; one that cannot be read names its row.

func serviceOf(s store.ReportService) (Service, error) {
	out := Service{ID: s.ID, ReferralID: s.ReferralID, PersonID: s.PersonID, PersonCode: s.PersonCode, Track: s.Track,
		OrgID: s.OrgID, Status: s.Status, CreatedAt: s.CreatedAt}
	var err error
	if out.ReferredOn, err = storedDate(s.ReferredOn, "referrals", s.ReferralID); err != nil {
		return out, err
	}
	out.StatusOn, err = storedDate(s.StatusOn, "services", s.ID)
	return out, err
}

func eventsOf(list []store.ReportEvent) ([]StatusEvent, error) {
	var out []StatusEvent
	for _, e := range list {
		on, err := storedDate(e.On, "status_events", e.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, StatusEvent{ID: e.ID, ServiceID: e.ServiceID, V: e.V, From: e.From, To: e.To, On: on, CreatedAt: e.CreatedAt})
	}
	return out, nil
}

func attemptOf(a store.ReportAttempt, service string, words *store.Words) Attempt {
	return Attempt{ID: a.ID.String(), ServiceID: service, WorkerID: words.Text(a.Worker), Channel: words.Text(a.Channel), Outcome: words.Text(a.Outcome),
		OccurredAt: time.UnixMilli(a.OccurredAt), RecordedAt: time.UnixMilli(a.RecordedAt),
		ReceivedAt: time.UnixMilli(a.ReceivedAt), ClockSuspect: a.ClockSuspect}
}

func storedDate(text, table, id string) (Date, error) {
	d, err := ParseDate(text)
	if err != nil {
		return d, fmt.Errorf("read a date of %s %s: %w", table, id, err)
	}
	return d, nil
}
