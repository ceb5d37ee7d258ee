package reports

import (
	"fmt"
	"iter"
	"slices"
)

// figure is a column of a table over rows of type T: how it looks and where it is read.
type figure[T any] struct {
	TableColumn
	of func(T) any
}

// tableOf makes a table of rows and figures.
func tableOf[T any](rows iter.Seq[T], figures []figure[T]) Table {
	t := Table{}
	for _, f := range figures {
		t.Columns = append(t.Columns, f.TableColumn)
	}
	t.Rows = func(yield func([]any) bool) {
		for row := range rows {
			values := make([]any, len(figures))
			for i, f := range figures {
				values[i] = f.of(row)
			}
			if !yield(values) {
				return
			}
		}
	}
	return t
}

// ServicesTable is the intensity of effort, a row a service. The rows may come from a stream.
func ServicesTable(w Window, services iter.Seq[ServiceFigures]) Table {
	effort := effortFigures(func(f ServiceFigures) Effort { return f.Effort })
	t := tableOf(services, slices.Concat(serviceNames(), effort, serviceFigures()))
	t.Name, t.Title = "Services", "Intensity of effort by service"
	return w.describe(t)
}

// WorkersTable is the intensity of effort, a row a worker.
func WorkersTable(w Window, workers []WorkerFigures) Table {
	effort := effortFigures(func(f WorkerFigures) Effort { return f.Effort })
	t := tableOf(slices.Values(workers), slices.Concat(workerNames(), effort, workerFigures()))
	t.Name, t.Title = "Workers", "Intensity of effort by worker"
	t.Notes = append(t.Notes, "Attempts count for who made them; services and outcomes for who held the service.")
	return w.describe(t)
}

// WeeksTable is the program's weekly series, with the medians in its notes.
func WeeksTable(w Window, p ProgramFigures) Table {
	figures := []figure[WeekFigures]{
		{TableColumn{"week", "Week of", "Its Monday.", Day}, func(f WeekFigures) any { return f.Week }},
		{TableColumn{"attempts", "Attempts", "Attempts that count.", Count}, func(f WeekFigures) any { return f.Attempts }},
		{TableColumn{"reached", "Reached", "Attempts that reached the individual.", Count}, func(f WeekFigures) any { return f.Reached }},
	}
	for _, channel := range channels() {
		column := TableColumn{Name: channel, Heading: channelHeading(channel), Kind: Count}
		figures = append(figures, figure[WeekFigures]{column, func(f WeekFigures) any { return f.Channels[channel] }})
	}
	figures = append(figures,
		figure[WeekFigures]{TableColumn{"engaged", "Engaged", "Services that first engaged.", Count}, func(f WeekFigures) any { return f.Engaged }},
		figure[WeekFigures]{TableColumn{"enrolled", "Enrolled", "Services that first enrolled.", Count}, func(f WeekFigures) any { return f.Enrolled }})
	t := tableOf(slices.Values(p.Weeks), figures)
	t.Name, t.Title = "Program", "Intensity of effort by week"
	t.Notes = []string{
		"Median days from referral to first contact: " + orDash(p.MedianDaysToFirstContact) +
			"; to engagement: " + orDash(p.MedianDaysToEngagement) +
			"; to enrollment: " + orDash(p.MedianDaysToEnrollment) + " (Kaplan–Meier; open cases counted as still waiting).",
		fmt.Sprintf("Services: %d; in pursuit: %d; of those never tried: %d.", p.Services, p.InPursuit, p.NeverAttempted),
	}
	return w.describe(t)
}

// describe adds what the reader must know of the window.
func (w Window) describe(t Table) Table {
	from := "the first record"
	if !w.From.IsZero() {
		from = w.From.String()
	}
	t.Subtitle = fmt.Sprintf("From %s to %s, as of %s, %s time", from, w.To, w.AsOfDay, w.Zone)
	t.Zone = w.Zone
	t.Notes = append(t.Notes, "An attempt counts when it was made in pursuit, with a clock that can be trusted; taps repeated within a minute count once.",
		"An empty cell means that there is nothing to count from, not zero.")
	return t
}

func orDash(n *int) string {
	if n == nil {
		return "–"
	}
	return plain(*n)
}

func channelHeading(channel string) string {
	headings := map[string]string{
		"call": "Calls", "text": "Texts", "in_person_visit": "In person", "social_media": "Social media",
		"family_friends_known_contacts": "Family, friends, contacts",
		"current_participant":           "Current participants", channelProbationOfficer: "Probation officer",
	}
	return headings[channel]
}
