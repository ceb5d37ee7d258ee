package reports

import "slices"

// TimelineTable is the attempts of one service, oldest first.
func TimelineTable(p ServicePage) Table {
	type row = TimelineEntry
	t := tableOf(slices.Values(p.Timeline), []figure[row]{
		{TableColumn{"attempt_id", "Attempt", "", Key}, func(e row) any { return e.AttemptID }},
		{TableColumn{"occurred_at", "When", "", Moment}, func(e row) any { return e.OccurredAt }},
		{TableColumn{"worker_id", "Worker", "Who made it.", Key}, func(e row) any { return e.WorkerID }},
		{TableColumn{"channel", "Channel", "", Text}, func(e row) any { return e.Channel }},
		{TableColumn{"outcome", "Outcome", "", Text}, func(e row) any { return e.Outcome }},
		{TableColumn{"verdict", "Counts", "counted, or why not.", Text}, func(e row) any { return string(e.Verdict) }},
		{TableColumn{"in_window", "In the window", "", Flag}, func(e row) any { return e.InWindow }},
	})
	t.Name, t.Title = "Timeline", "Attempts of one service"
	return p.Window.describe(t)
}

// ServiceBook lists the sheets of one service: its attempts, and its figures.
func ServiceBook(p ServicePage) []Table {
	return []Table{TimelineTable(p), ServicesTable(p.Window, slices.Values([]ServiceFigures{p.Figures}))}
}
