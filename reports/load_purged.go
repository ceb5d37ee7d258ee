package reports

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// LeftBehind counts what the summaries of a program and of each of its organisations
// would lose with some persons, so that a purge can leave it behind.
func (l *Loader) LeftBehind(ctx context.Context, p models.Program, persons []string) ([]store.PurgedCount, error) {
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("load the program's time zone: %w", err)
	}
	gone := make(map[string]bool, len(persons))
	for _, id := range persons {
		gone[id] = true
	}
	var out []store.PurgedCount
	err = l.snapshot(ctx, func(r *store.Reading) error {
		orgs, err := r.OrgIDs(p.No)
		if err != nil {
			return err
		}
		for _, org := range append([]string{""}, orgs...) {
			list, err := leftBehind(r, p.No, org, gone, zone)
			if err != nil {
				return err
			}
			out = append(out, list...)
		}
		return nil
	})
	return out, err
}

func leftBehind(r *store.Reading, program int32, org string, gone map[string]bool, zone *time.Location) ([]store.PurgedCount, error) {
	ever := store.SummaryScope{Program: program, Org: org, From: NewDate(1, time.January, 1).String(), To: NewDate(9999, time.December, 31).String()}
	records, err := recordsOf(r, ever)
	if err != nil {
		return nil, err
	}
	var out []store.PurgedCount
	for _, year := range yearsOf(records, gone) {
		lost, empty := PurgedOf(records, gone, year, DateOf(r.Now, zone), zone)
		if empty {
			continue
		}
		text, err := json.Marshal(lost)
		if err != nil {
			return nil, fmt.Errorf("write what a purge leaves: %w", err)
		}
		out = append(out, store.PurgedCount{Org: org, Year: year, Counts: text})
	}
	return out, nil
}
