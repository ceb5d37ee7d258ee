package reports

import "cmp"

// Place is where a page of services ended: the last row's id and what it was sorted
// by, so that the next page begins after it even if the row itself has moved. Neither
// text nor number is a null.
type Place struct {
	ServiceID string   `json:"id"`
	Text      *string  `json:"t,omitempty"`
	Number    *float64 `json:"n,omitempty"`
}

// PlaceOf is the place of a row in the order of a sort key.
func PlaceOf(key string, f ServiceFigures) Place {
	name, _ := sortKey(key)
	p := Place{ServiceID: f.ServiceID}
	if text := textKey(name); text != nil {
		p.Text = text(f)
	} else if number := numberKey(name); number != nil {
		p.Number = number(f)
	}
	return p
}

// after tells whether a row comes after the place in the order of a sort key.
func (p Place) after(key string, f ServiceFigures) bool {
	name, descending := sortKey(key)
	order := 0
	if text := textKey(name); text != nil {
		order = compareNullable(text(f), p.Text, descending)
	} else if number := numberKey(name); number != nil {
		order = compareNullable(number(f), p.Number, descending)
	}
	return cmp.Or(order, cmp.Compare(f.ServiceID, p.ServiceID)) > 0
}

// SortKeys lists what services can be sorted by, which is all that the answer carries of
// one but the counts by channel; "-" before one puts the largest first.
func SortKeys() []string {
	return []string{"service_id", "person_code", "track", "org_id", "status", "worker_id", "referred_on",
		"attempts", "pursuit_days", "attempts_per_week", "channels_used", "channels_ever", "ladder_coverage",
		"reached", "reach_rate", "third_party", "third_party_rate", "never_attempted", "first_attempt_at", "last_attempt_at",
		"days_since_last_attempt", "longest_gap_days", "hours_to_first_attempt", "days_to_first_contact",
		"days_to_engagement", "days_to_enrollment", "freshness_minutes", "last_sync_at", "stale"}
}
