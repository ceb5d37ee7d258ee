package demo

import (
	"strconv"
	"testing"
	"time"
)

// tally is a second, slow implementation of the monthly summary: for each cell it
// walks over all records and asks whether this one counts.
type tally struct {
	w    *world
	asOf time.Time
}

// status of a service at the end of as_of; a closed one counts as what it was before.
func (c tally) status(service string) string {
	status := ""
	for _, t := range c.w.history[service] {
		if t.at.Before(c.asOf) && t.to != "closed" {
			status = t.to
		}
	}
	return status
}

func monthOf(date any) int {
	text, _ := date.(string)
	if len(text) != len("2024-01-31") || text[:4] != "2024" {
		return 0
	}
	month, err := strconv.Atoi(text[5:7])
	if err != nil {
		return 0
	}
	return month
}

// referral is one person's referrals of a month taken together.
type referral struct {
	source   string
	services []string
}

func (c tally) referrals(month int) map[string]*referral {
	found := map[string]*referral{}
	for _, id := range c.w.order["referrals"] {
		r := c.w.rows["referrals"][id]
		if monthOf(r["referred_on"]) != month {
			continue
		}
		person := r["person_id"].(string)
		if found[person] == nil {
			found[person] = &referral{source: r["source"].(string)}
		}
		for _, service := range c.w.order["services"] {
			if c.w.rows["services"][service]["referral_id"] == id {
				found[person].services = append(found[person].services, service)
			}
		}
	}
	return found
}

func (c tally) month(no int) map[string]int {
	cells := map[string]int{}
	assessed := map[string]bool{}
	for _, a := range c.w.rows["assessments"] {
		if monthOf(a["shooting_review_on"]) != no {
			continue
		}
		assessed[a["person_id"].(string)] = true
		cells[map[string]string{"sscc": "sscc", "pps": "pps", "referred": "appropriate_for_referral"}[a["disposition"].(string)]]++
	}
	cells["assessed"] = len(assessed)
	for _, r := range c.referrals(no) {
		c.count(cells, r)
	}
	meetings := map[any]bool{}
	for id, e := range c.w.rows["program_events"] {
		if monthOf(e["on"]) != no {
			continue
		}
		switch e["kind"] {
		case "relocation":
			cells["relocations"]++
		case "call_in":
			cells["call_ins"]++
			if key := e["meeting_id"]; key != nil && !meetings[key] {
				meetings[key] = true
				cells["call_in_meetings"]++
			}
		case "custom_notification":
			key := e["meeting_id"]
			if key == nil {
				key = id
			}
			if !meetings[key] {
				meetings[key] = true
				cells["custom_notifications"]++
			}
		}
	}
	cells["n"] = cells["assessed"] + cells["other_referrals"]
	return cells
}

func (c tally) count(cells map[string]int, r *referral) {
	cells["referred"]++
	if r.source != "shooting_review" {
		cells["other_referrals"]++
	}
	enrolledStreet, enrolledOther := false, false
	seen := map[string]bool{}
	for _, id := range r.services {
		track, status := c.w.rows["services"][id]["track"].(string), c.status(id)
		cells["out_"+track]++
		seen[status] = true
		if status == "enrolled" && track == "slo_icm" {
			cells["enrolled_slo_icm"]++
			enrolledStreet = true
		} else if status == "enrolled" {
			cells["enrolled_hhp_tvif"]++
			enrolledOther = true
		}
	}
	switch {
	case enrolledStreet && enrolledOther:
		cells["icm"] += 2
	case seen["enrolled"]:
		cells["icm"]++
	case seen["short_term"]:
		cells["short_term"]++
	case seen["slo_engaged"]:
		cells["slo"]++
	case seen["pursuing"]:
		cells["pursuing"]++
	case seen["refused"]:
		cells["refused"]++
	case seen["unable_to_place"]:
		cells["unable_to_place"]++
	}
}

// The summary over the plan's records equals the published table in every cell.
func TestEveryPublishedCell(t *testing.T) {
	plan := built(t)
	months, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	c := tally{replay(plan), time.Date(2025, 1, 1, 0, 0, 0, 0, pacific())}
	meetings, checked := 0, 0
	for i, published := range months {
		cells := c.month(published.Month)
		meetings += cells["call_in_meetings"]
		cells["month"] = published.Month
		incidents := plan.Incidents[i]
		if incidents.Year != Year || incidents.Month != published.Month {
			t.Errorf("incident counts %d are of %d-%d", i, incidents.Year, incidents.Month)
		}
		cells["shooting_incidents"], cells["injury_fatal_shootings"] = incidents.ShootingIncidents, incidents.InjuryFatalShootings
		for _, want := range published.Cells() {
			checked++
			if got := cells[want.Column]; got != *want.Value {
				t.Errorf("month %d, %s: %d, published %d", published.Month, want.Column, got, *want.Value)
			}
		}
	}
	if meetings != 4 || checked != 12*24 {
		t.Errorf("%d call-in meetings in %d cells", meetings, checked)
	}
}

// One custom notification was held with two individuals: 18 rows, 17 meetings.
func TestOneNotificationIsShared(t *testing.T) {
	rows := 0
	for _, e := range replay(built(t)).rows["program_events"] {
		if e["kind"] == "custom_notification" {
			rows++
		}
	}
	if rows != 18 {
		t.Errorf("%d rows of custom notifications", rows)
	}
}

// The copy is the published table: its columns add up to the printed totals.
func TestPublishedTotals(t *testing.T) {
	months, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	totals := map[string]int{}
	for _, m := range months {
		for _, cell := range m.Cells() {
			totals[cell.Column] += *cell.Value
		}
	}
	for column, want := range map[string]int{"shooting_incidents": 803, "injury_fatal_shootings": 226, "assessed": 230,
		"appropriate_for_referral": 190, "other_referrals": 73, "referred": 263, "pursuing": 54, "slo": 15, "icm": 116,
		"short_term": 30, "refused": 44, "unable_to_place": 6, "sscc": 25, "pps": 1, "custom_notifications": 17,
		"call_ins": 34, "out_slo_icm": 191, "out_hhp": 63, "out_tvif": 14, "enrolled_slo_icm": 82,
		"enrolled_hhp_tvif": 34, "relocations": 26, "n": 303} {
		if totals[column] != want {
			t.Errorf("%s: %d, printed %d", column, totals[column], want)
		}
	}
}

// Persons with two services are those of the report's footnotes.
func TestDualServices(t *testing.T) {
	c := tally{replay(built(t)), time.Date(2025, 1, 1, 0, 0, 0, 0, pacific())}
	got := map[string]int{}
	for month := 1; month <= 12; month++ {
		for _, r := range c.referrals(month) {
			if len(r.services) < 2 {
				continue
			}
			key := strconv.Itoa(month)
			for _, track := range []string{"slo_icm", "hhp", "tvif"} {
				for _, id := range r.services {
					if c.w.rows["services"][id]["track"] == track {
						key += " " + track
						if month == 10 && track == "slo_icm" {
							key += " " + c.status(r.services[0]) + " " + c.status(r.services[1])
						}
					}
				}
			}
			got[key]++
		}
	}
	want := map[string]int{"1 hhp tvif": 1, "10 slo_icm enrolled enrolled tvif": 2, "10 hhp tvif": 1, "11 slo_icm hhp": 1}
	if len(got) != len(want) {
		t.Errorf("dual services: %v", got)
	}
	for key, n := range want {
		if got[key] != n {
			t.Errorf("%s: %d, want %d", key, got[key], n)
		}
	}
}
