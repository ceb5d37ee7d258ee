package main

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"pursuit/sim/harness"
)

// effortAnswer is the effort that every report of intensity carries.
type effortAnswer struct {
	Attempts         int            `json:"attempts"`
	Reached          int            `json:"reached"`
	ThirdParty       int            `json:"third_party"`
	PursuitDays      int            `json:"pursuit_days"`
	Channels         map[string]int `json:"channels"`
	FreshnessMinutes float64        `json:"freshness_minutes"`
}

// channelOrder is that of the columns in sqlEffort.
var channelOrder = []string{"call", "text", "in_person_visit", "family_friends_known_contacts", "current_participant", "social_media", "probation_officer"}

func (f figures) effort(mark string, e effortAnswer) {
	f[mark+"attempts"], f[mark+"reached"], f[mark+"third_party"] = float64(e.Attempts), float64(e.Reached), float64(e.ThirdParty)
	for _, channel := range channelOrder {
		f[mark+channel] = float64(e.Channels[channel])
	}
}

// effortColumns takes the columns of sqlEffort.
func (f figures) effortColumns(mark string, columns []string) {
	f[mark+"attempts"], f[mark+"reached"], f[mark+"third_party"] = number(columns[0]), number(columns[1]), number(columns[2])
	for i, channel := range channelOrder {
		f[mark+channel] = number(columns[3+i])
	}
}

const effortWidth = 10 // columns of sqlEffort

func number(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0 // a null
	}
	return n
}

func minutes(millis string) float64 { return number(millis) / 60_000 }

// lines runs a query and gives its rows as text.
func (r *reporting) lines(ctx context.Context, query string) ([][]string, error) {
	found, err := r.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	names, err := found.Columns()
	if err != nil {
		return nil, err
	}
	var out [][]string
	for found.Next() {
		cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		line := make([]string, len(names))
		for i := range cells {
			line[i] = cells[i].String
		}
		out = append(out, line)
	}
	return out, found.Err()
}

func readWorkers(answer harness.Answer) (figures, error) {
	var page struct {
		Workers []struct {
			WorkerID string `json:"worker_id"`
			effortAnswer
			Services       int        `json:"services"`
			NeverAttempted int        `json:"never_attempted"`
			Engaged        int        `json:"engaged"`
			Enrolled       int        `json:"enrolled"`
			LastAttemptAt  *time.Time `json:"last_attempt_at"`
		} `json:"workers"`
	}
	if err := answer.Decode(&page); err != nil {
		return nil, err
	}
	out := figures{}
	for _, w := range page.Workers {
		mark := w.WorkerID + " "
		out.effort(mark, w.effortAnswer)
		out[mark+"freshness"], out[mark+"pursuit_days"] = w.FreshnessMinutes, float64(w.PursuitDays)
		out[mark+"services"], out[mark+"never"] = float64(w.Services), float64(w.NeverAttempted)
		out[mark+"engaged"], out[mark+"enrolled"] = float64(w.Engaged), float64(w.Enrolled)
		if w.LastAttemptAt != nil {
			out[mark+"last"] = float64(w.LastAttemptAt.UnixMilli())
		}
	}
	return out, nil
}

func (r *reporting) floorWorkers(ctx context.Context) (figures, error) {
	out := figures{}
	made, err := r.lines(ctx, r.sql.fill(sqlWorkers))
	if err != nil {
		return nil, err
	}
	for _, line := range made {
		mark := line[0] + " "
		out.effortColumns(mark, line[1:])
		out[mark+"last"], out[mark+"freshness"] = number(line[1+effortWidth]), minutes(line[2+effortWidth])
	}
	held, err := r.lines(ctx, r.sql.fill(sqlHolders))
	for _, line := range held {
		for i, name := range []string{"pursuit_days", "services", "never", "engaged", "enrolled"} {
			out[line[0]+" "+name] = number(line[1+i])
		}
	}
	return out, err
}

func readProgram(answer harness.Answer) (figures, error) {
	var page struct {
		effortAnswer
		Weeks []struct {
			Week string `json:"week"`
			effortAnswer
			Engaged, Enrolled int
		} `json:"weeks"`
		Services       int            `json:"services"`
		InPursuit      int            `json:"in_pursuit"`
		NeverAttempted int            `json:"never_attempted"`
		Statuses       map[string]int `json:"statuses"`
		Met            *int           `json:"median_days_to_first_contact"`
		Engaged        *int           `json:"median_days_to_engagement"`
		Enrolled       *int           `json:"median_days_to_enrollment"`
	}
	if err := answer.Decode(&page); err != nil {
		return nil, err
	}
	out := figures{"services": float64(page.Services), "in_pursuit": float64(page.InPursuit), "never_attempted": float64(page.NeverAttempted),
		"pursuit_days": float64(page.PursuitDays), "freshness": page.FreshnessMinutes}
	out.effort("", page.effortAnswer)
	for _, w := range page.Weeks {
		w.ThirdParty = 0 // a week has no such figure
		out.effort(w.Week+" ", w.effortAnswer)
		out[w.Week+" engaged"], out[w.Week+" enrolled"] = float64(w.Engaged), float64(w.Enrolled)
	}
	for status, n := range page.Statuses {
		out["status "+status] = float64(n)
	}
	for name, n := range map[string]*int{"met": page.Met, "engaged": page.Engaged, "enrolled": page.Enrolled} {
		if n != nil {
			out["median "+name] = float64(*n)
		}
	}
	return out, nil
}

func (r *reporting) floorProgram(ctx context.Context) (figures, error) {
	out := figures{}
	weeks, err := r.lines(ctx, r.sql.fill(sqlWeeks))
	if err != nil {
		return nil, err
	}
	for _, line := range weeks {
		if line[0] == "-1" {
			out.effortColumns("", line[1:])
			out["freshness"] = minutes(line[1+effortWidth])
			continue
		}
		out.effortColumns(dateOf(line[0])+" ", line[1:])
		out[dateOf(line[0])+" third_party"] = 0
	}
	found, err := r.lines(ctx, r.sql.fill(sqlOutcomes))
	out.outcomes(found)
	return out, err
}

// outcomes takes the lines of sqlOutcomes.
func (f figures) outcomes(lines [][]string) {
	waits := map[string]map[float64][2]float64{"met": {}, "engaged": {}, "enrolled": {}}
	for _, line := range lines {
		name, days, n := line[0], number(line[1]), number(line[3])
		wait, waited := waits[name]
		switch {
		case waited:
			at := wait[days]
			if line[2] == "1" {
				at[0] += n
			} else {
				at[1] += n
			}
			wait[days] = at
		case strings.HasPrefix(name, "week "):
			f[dateOf(line[1])+strings.TrimPrefix(name, "week")] = n
		default:
			f[name] = n
			if strings.HasPrefix(name, "status ") {
				f["services"] += n
			}
		}
	}
	for name, wait := range waits {
		if median, ok := halfWaited(wait); ok {
			f["median "+name] = median
		}
	}
}

// halfWaited is the first day on which the estimate of Kaplan and Meier is at most one
// half; wait holds, by days, how many came and how many were last seen waiting.
func halfWaited(wait map[float64][2]float64) (float64, bool) {
	left, waiting := 0.0, 1.0
	for _, n := range wait {
		left += n[0] + n[1]
	}
	for _, day := range slices.Sorted(maps.Keys(wait)) {
		n := wait[day]
		waiting *= 1 - n[0]/left
		if waiting <= 0.5 {
			return day, true
		}
		left -= n[0] + n[1]
	}
	return 0, false
}

func dateOf(day string) string {
	return time.UnixMilli(int64(number(day)) * millisADay).UTC().Format(time.DateOnly)
}

func readService(answer harness.Answer) (figures, error) {
	var page struct {
		effortAnswer
		First    time.Time        `json:"first_attempt_at"`
		Last     time.Time        `json:"last_attempt_at"`
		Contact  *float64         `json:"days_to_first_contact"`
		Gap      float64          `json:"longest_gap_days"`
		Timeline []map[string]any `json:"timeline"`
	}
	if err := answer.Decode(&page); err != nil {
		return nil, err
	}
	out := figures{"first": float64(page.First.UnixMilli()), "last": float64(page.Last.UnixMilli()), "gap": page.Gap,
		"pursuit_days": float64(page.PursuitDays), "freshness": page.FreshnessMinutes, "timeline": float64(len(page.Timeline))}
	if page.Contact != nil {
		out["contact"] = *page.Contact
	}
	out.effort("", page.effortAnswer)
	return out, nil
}

func (r *reporting) floorService(id string) func(context.Context) (figures, error) {
	text := r.sql
	text.one = id
	return func(ctx context.Context) (figures, error) {
		found, err := r.lines(ctx, text.fill(sqlService))
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("%d lines: %w", len(found), err)
		}
		rest, out := found[0][effortWidth:], figures{}
		out.effortColumns("", found[0])
		for i, name := range []string{"first", "last", "contact", "pursuit_days"} {
			out[name] = number(rest[i])
		}
		out["gap"], out["freshness"] = number(rest[4])/float64(millisADay), minutes(rest[5])
		timeline, err := r.lines(ctx, text.fill(sqlTimeline))
		out["timeline"] = float64(len(timeline))
		return out, err
	}
}

func readSummary(answer harness.Answer) (figures, error) {
	var page struct {
		Rows []map[string]any `json:"rows"`
	}
	if err := answer.Decode(&page); err != nil {
		return nil, err
	}
	out := figures{}
	for _, row := range page.Rows {
		for _, name := range []string{"assessed", "referred", "other_referrals", "out_slo_icm", "out_hhp", "out_tvif", "pursuing", "slo", "icm", "short_term",
			"refused", "unable_to_place", "engaged", "sscc", "pps", "custom_notifications", "call_ins", "call_in_meetings", "relocations"} {
			n, _ := row[name].(float64)
			out[fmt.Sprintf("%v %s", row["month"], name)] = n
		}
	}
	return out, nil
}

func (r *reporting) floorSummary(ctx context.Context) (figures, error) {
	text := r.sql
	text.asOf = fmt.Sprintf("%d-12-31", reportYear)
	found, err := r.lines(ctx, text.fill(sqlSummary))
	out := figures{}
	for _, line := range found {
		out[line[0]+" "+line[1]] = number(line[2])
	}
	return out, err
}
