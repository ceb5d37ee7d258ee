package reports

import (
	"cmp"
	"strings"
)

// ServiceOrder returns how to compare services for a sort key: the JSON name of a figure
// (SortKeys), with "-" before it for largest first. Nulls come last either way, no comes
// before yes, ties by service_id, so the order is total and pages do not overlap. ok is
// false for an unknown key.
func ServiceOrder(key string) (compare func(a, b ServiceFigures) int, ok bool) {
	name, descending := sortKey(key)
	if text := textKey(name); text != nil {
		return func(a, b ServiceFigures) int {
			return cmp.Or(compareNullable(text(a), text(b), descending), cmp.Compare(a.ServiceID, b.ServiceID))
		}, true
	}
	number := numberKey(name)
	if number == nil {
		return nil, false
	}
	return func(a, b ServiceFigures) int {
		return cmp.Or(compareNullable(number(a), number(b), descending), cmp.Compare(a.ServiceID, b.ServiceID))
	}, true
}

// sortKey splits a sort key into a figure's name and its direction.
func sortKey(key string) (name string, descending bool) { return strings.CutPrefix(key, "-") }

func textKey(name string) func(ServiceFigures) *string {
	switch name {
	case "service_id":
		return func(f ServiceFigures) *string { return &f.ServiceID }
	case "person_code":
		return func(f ServiceFigures) *string { return present(string(f.PersonCode)) }
	case "track":
		return func(f ServiceFigures) *string { return &f.Track }
	case "org_id":
		return func(f ServiceFigures) *string { return &f.OrgID }
	case "status":
		return func(f ServiceFigures) *string { return &f.Status }
	case "worker_id":
		return func(f ServiceFigures) *string { return present(string(f.WorkerID)) }
	case "referred_on":
		return func(f ServiceFigures) *string { return present(f.ReferredOn.String()) }
	}
	return nil
}

func numberKey(name string) func(ServiceFigures) *float64 {
	switch name {
	case "attempts":
		return func(f ServiceFigures) *float64 { return whole(&f.Attempts) }
	case "pursuit_days":
		return func(f ServiceFigures) *float64 { return whole(&f.PursuitDays) }
	case "attempts_per_week":
		return func(f ServiceFigures) *float64 { return f.AttemptsPerWeek }
	case "channels_used":
		return func(f ServiceFigures) *float64 { return whole(&f.ChannelsUsed) }
	case "channels_ever":
		return func(f ServiceFigures) *float64 { return whole(&f.ChannelsEver) }
	case "ladder_coverage":
		return func(f ServiceFigures) *float64 { return &f.LadderCoverage }
	case "reached":
		return func(f ServiceFigures) *float64 { return whole(&f.Reached) }
	case "reach_rate":
		return func(f ServiceFigures) *float64 { return f.ReachRate }
	case "third_party":
		return func(f ServiceFigures) *float64 { return whole(&f.ThirdParty) }
	case "third_party_rate":
		return func(f ServiceFigures) *float64 { return f.ThirdPartyRate }
	case "never_attempted":
		return func(f ServiceFigures) *float64 { return flag(f.NeverAttempted) }
	case "stale":
		return func(f ServiceFigures) *float64 { return flag(f.Stale) }
	}
	return timeKey(name)
}

func timeKey(name string) func(ServiceFigures) *float64 {
	switch name {
	case "days_since_last_attempt":
		return func(f ServiceFigures) *float64 { return f.DaysSinceLastAttempt }
	case "longest_gap_days":
		return func(f ServiceFigures) *float64 { return f.LongestGapDays }
	case "hours_to_first_attempt":
		return func(f ServiceFigures) *float64 { return f.HoursToFirstAttempt }
	case "days_to_first_contact":
		return func(f ServiceFigures) *float64 { return whole(f.DaysToFirstContact) }
	case "days_to_engagement":
		return func(f ServiceFigures) *float64 { return whole(f.DaysToEngagement) }
	case "days_to_enrollment":
		return func(f ServiceFigures) *float64 { return whole(f.DaysToEnrollment) }
	case "freshness_minutes":
		return func(f ServiceFigures) *float64 { return f.FreshnessMinutes }
	case "first_attempt_at":
		return func(f ServiceFigures) *float64 { return instant(f.FirstAttemptAt) }
	case "last_attempt_at":
		return func(f ServiceFigures) *float64 { return instant(f.LastAttemptAt) }
	case "last_sync_at":
		return func(f ServiceFigures) *float64 { return instant(f.LastSyncAt) }
	}
	return nil
}

func compareNullable[T cmp.Ordered](a, b *T, descending bool) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return turn(cmp.Compare(*a, *b), descending)
}

func turn(order int, descending bool) int {
	if descending {
		return -order
	}
	return order
}

// present is a text that is null when it is empty, as it travels.
func present(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func whole(n *int) *float64 {
	if n == nil {
		return nil
	}
	x := float64(*n)
	return &x
}

func flag(yes bool) *float64 {
	x := 0.0
	if yes {
		x = 1
	}
	return &x
}

func instant(t *Instant) *float64 {
	if t == nil {
		return nil
	}
	x := float64(t.UnixMilli())
	return &x
}
