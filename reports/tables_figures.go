package reports

// effortFigures are the columns of Effort for rows that carry one.
func effortFigures[T any](of func(T) Effort) []figure[T] {
	return []figure[T]{
		{TableColumn{"attempts", "Attempts", "Attempts that count, in the window.", Count},
			func(r T) any { return of(r).Attempts }},
		{TableColumn{"pursuit_days", "Pursuit days", "Dates in pursuit in the window, both ends counted.", Count},
			func(r T) any { return of(r).PursuitDays }},
		{TableColumn{"attempts_per_week", "Attempts a week", "Attempts ÷ (pursuit days ÷ 7).", Decimal},
			func(r T) any { return null(of(r).AttemptsPerWeek) }},
		{TableColumn{"channels_used", "Channels used", "Distinct channels in the window.", Count},
			func(r T) any { return of(r).ChannelsUsed }},
		{TableColumn{"reached", "Reached", "Attempts that reached the individual.", Count},
			func(r T) any { return of(r).Reached }},
		{TableColumn{"reach_rate", "Reach rate", "Reached ÷ attempts.", Percent},
			func(r T) any { return null(of(r).ReachRate) }},
		{TableColumn{"third_party", "Through others", "Attempts that found something out through others.", Count},
			func(r T) any { return of(r).ThirdParty }},
		{TableColumn{"third_party_rate", "Through others, rate", "Through others ÷ attempts.", Percent},
			func(r T) any { return null(of(r).ThirdPartyRate) }},
		{TableColumn{"freshness_minutes", "Freshness, minutes", "Median time from the attempt to its arrival here.", Decimal},
			func(r T) any { return null(of(r).FreshnessMinutes) }},
	}
}

func serviceNames() []figure[ServiceFigures] {
	type row = ServiceFigures
	return []figure[row]{
		{TableColumn{"service_id", "Service", "", Key}, func(f row) any { return f.ServiceID }},
		{TableColumn{"person_code", "Person code", "", Text}, func(f row) any { return string(f.PersonCode) }},
		{TableColumn{"track", "Track", "", Text}, func(f row) any { return f.Track }},
		{TableColumn{"status", "Status", "As of the date of the report.", Text}, func(f row) any { return f.Status }},
		{TableColumn{"worker_id", "Worker", "Who holds the service as outreach worker.", Key}, func(f row) any { return string(f.WorkerID) }},
		{TableColumn{"org_id", "Organisation", "", Key}, func(f row) any { return f.OrgID }},
		{TableColumn{"referred_on", "Referred on", "", Day}, func(f row) any { return f.ReferredOn }},
	}
}

func serviceFigures() []figure[ServiceFigures] {
	type row = ServiceFigures
	return []figure[row]{
		{TableColumn{"channels_ever", "Channels ever", "Distinct channels since the referral.", Count}, func(f row) any { return f.ChannelsEver }},
		{TableColumn{"ladder_coverage", "Ladder coverage", "Rungs ever tried ÷ 6, the probation officer not counted.", Percent}, func(f row) any { return f.LadderCoverage }},
		{TableColumn{"never_attempted", "Never attempted", "", Flag}, func(f row) any { return f.NeverAttempted }},
		{TableColumn{"first_attempt_at", "First attempt", "", Moment}, func(f row) any { return null(f.FirstAttemptAt) }},
		{TableColumn{"last_attempt_at", "Last attempt", "", Moment}, func(f row) any { return null(f.LastAttemptAt) }},
		{TableColumn{"days_since_last_attempt", "Days since last attempt", "Never tried: since the assignment.", Decimal}, func(f row) any { return null(f.DaysSinceLastAttempt) }},
		{TableColumn{"longest_gap_days", "Longest gap, days", "Longest time in pursuit without an attempt.", Decimal}, func(f row) any { return null(f.LongestGapDays) }},
		{TableColumn{"hours_to_first_attempt", "Hours to first attempt", "From the first assignment.", Decimal}, func(f row) any { return null(f.HoursToFirstAttempt) }},
		{TableColumn{"days_to_first_contact", "Days to first contact", "From the referral to the first attempt that reached the individual.", Count}, func(f row) any { return null(f.DaysToFirstContact) }},
		{TableColumn{"days_to_engagement", "Days to engagement", "From the referral.", Count}, func(f row) any { return null(f.DaysToEngagement) }},
		{TableColumn{"days_to_enrollment", "Days to enrollment", "From the referral.", Count}, func(f row) any { return null(f.DaysToEnrollment) }},
		{TableColumn{"last_sync_at", "Worker's last sync", "", Moment}, func(f row) any { return null(f.LastSyncAt) }},
		{TableColumn{"stale", "Stale", "That worker's devices were silent for more than 72 hours.", Flag}, func(f row) any { return f.Stale }},
	}
}

func workerNames() []figure[WorkerFigures] {
	type row = WorkerFigures
	return []figure[row]{
		{TableColumn{"worker_id", "Worker", "", Key}, func(f row) any { return f.WorkerID }},
		{TableColumn{"name", "Name", "", Text}, func(f row) any { return f.Name }},
		{TableColumn{"org_id", "Organisation", "", Key}, func(f row) any { return f.OrgID }},
		{TableColumn{"services", "Services", "Services in pursuit that they hold.", Count}, func(f row) any { return f.Services }},
		{TableColumn{"never_attempted", "Never attempted", "Of these, those that nobody has tried.", Count}, func(f row) any { return f.NeverAttempted }},
	}
}

func workerFigures() []figure[WorkerFigures] {
	type row = WorkerFigures
	return []figure[row]{
		{TableColumn{"engaged", "Engaged", "Services that first engaged in the window while they held them.", Count}, func(f row) any { return f.Engaged }},
		{TableColumn{"enrolled", "Enrolled", "Services that first enrolled in the window while they held them.", Count}, func(f row) any { return f.Enrolled }},
		{TableColumn{"last_attempt_at", "Last attempt", "", Moment}, func(f row) any { return null(f.LastAttemptAt) }},
		{TableColumn{"days_since_last_attempt", "Days since last attempt", "", Decimal}, func(f row) any { return null(f.DaysSinceLastAttempt) }},
		{TableColumn{"last_sync_at", "Last sync", "", Moment}, func(f row) any { return null(f.LastSyncAt) }},
		{TableColumn{"stale", "Stale", "No sync for more than 72 hours, or never any.", Flag}, func(f row) any { return f.Stale }},
	}
}
