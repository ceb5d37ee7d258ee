package reports

import "slices"

// TimelineEntry is one attempt of a service as its page shows it.
type TimelineEntry struct {
	AttemptID  string  `json:"attempt_id"`
	OccurredAt Instant `json:"occurred_at"`
	WorkerID   string  `json:"worker_id"`
	Channel    string  `json:"channel"`
	Outcome    string  `json:"outcome"`
	Verdict    Verdict `json:"verdict" doc:"counted, or why it is not"`
	InWindow   bool    `json:"in_window"`
}

// OneService counts a single service and returns its figures and its attempts as a timeline,
// oldest first, deleted ones left out. The attempts may come in any order. It fails when one
// belongs to another service.
func OneService(w Window, worker []Worker, c Case, attempts []Attempt) (ServiceFigures, []TimelineEntry, error) {
	ordered := slices.Clone(attempts)
	slices.SortStableFunc(ordered, func(a, b Attempt) int { return a.OccurredAt.Compare(b.OccurredAt) })
	count := NewIntensity(w, worker).Begin(c)
	verdicts := make(map[string]Verdict, len(ordered))
	count.sieve.judged = func(a Attempt, v Verdict) { verdicts[a.ID] = v }
	for _, a := range ordered {
		if err := count.Add(a); err != nil {
			return ServiceFigures{}, nil, err
		}
	}
	figures := count.Finish()
	entries := make([]TimelineEntry, 0, len(ordered))
	for _, a := range ordered {
		if a.Deleted {
			continue
		}
		entries = append(entries, TimelineEntry{
			AttemptID: a.ID, OccurredAt: Instant{a.OccurredAt}, WorkerID: a.WorkerID,
			Channel: a.Channel, Outcome: a.Outcome, Verdict: verdicts[a.ID],
			InWindow: w.span().holds(DateOf(a.OccurredAt, w.Zone)),
		})
	}
	return figures, entries, nil
}
