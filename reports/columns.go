package reports

// column is one figure of a summary row, in the order of the published report.
type column struct {
	name    string // JSON name and CSV header
	heading string // for people
	means   string // footnote
	cell    func(*Row) **int
}

// columns lists every figure but the month.
func columns() []column {
	return append(intakeColumns(), append(outcomeColumns(), otherColumns()...)...)
}

func intakeColumns() []column {
	return []column{
		{"shooting_incidents", "Shooting incidents", "Entered by hand as an aggregate.",
			func(r *Row) **int { return &r.ShootingIncidents }},
		{"injury_fatal_shootings", "Injury and fatal shootings", "Entered by hand as an aggregate.",
			func(r *Row) **int { return &r.InjuryFatalShootings }},
		{"assessed", "Assessed", "Persons assessed after a shooting review, once a person and month.",
			func(r *Row) **int { return &r.Assessed }},
		{"appropriate_for_referral", "Referred via shooting review", "Referrals whose source is a shooting review.",
			func(r *Row) **int { return &r.AppropriateReferral }},
		{"other_referrals", "Other referrals", "Referrals from any other source.",
			func(r *Row) **int { return &r.OtherReferrals }},
		{"referred", "Referred", "Referrals, by month of referral; several of one person in one month are one.",
			func(r *Row) **int { return &r.Referred }},
		{"out_slo_icm", "Out to SLO/ICM", "Services opened with Street Level Outreach / Intensive Case Management.",
			func(r *Row) **int { return &r.OutSLOICM }},
		{"out_hhp", "Out to HHP", "Services opened with Healing Hurt People.",
			func(r *Row) **int { return &r.OutHHP }},
		{"out_tvif", "Out to TVIF", "Services opened with Trauma and Violence Impacted Families.",
			func(r *Row) **int { return &r.OutTVIF }},
	}
}

func outcomeColumns() []column {
	return []column{
		{"pursuing", "In pursuit", "Outreach still seeks the person. One status a referral: its most advanced service.",
			func(r *Row) **int { return &r.Pursuing }},
		{"slo", "Engaged in SLO", "Engaged with street level outreach, not enrolled.",
			func(r *Row) **int { return &r.SLO }},
		{"icm", "Enrolled", "Enrolled in long-term services, any track; a person enrolled in SLO/ICM and in HHP or TVIF stands here twice.",
			func(r *Row) **int { return &r.ICM }},
		{"enrolled_slo_icm", "of these in SLO/ICM", "Enrolled in life coaching with SLO/ICM.",
			func(r *Row) **int { return &r.EnrolledSLOICM }},
		{"enrolled_hhp_tvif", "of these in HHP/TVIF", "Enrolled with HHP or TVIF.",
			func(r *Row) **int { return &r.EnrolledHHPTVIF }},
		{"short_term", "Short-term services", "In or through 90-day short-term services.",
			func(r *Row) **int { return &r.ShortTerm }},
		{"refused", "Refused", "Declined services.",
			func(r *Row) **int { return &r.Refused }},
		{"unable_to_place", "Unable to place", "No service could take the person; reasons are kept with each.",
			func(r *Row) **int { return &r.UnableToPlace }},
		{"engaged", "Engaged", "Persons enrolled, in short-term services or engaged in SLO, each once.",
			func(r *Row) **int { return &r.Engaged }},
	}
}

func otherColumns() []column {
	return []column{
		{"sscc", "To SSCC", "Assessments passed to the Street Services Coordination Center.",
			func(r *Row) **int { return &r.SSCC }},
		{"pps", "To PPS", "Assessments passed to the Portland Public Schools Youth Violence Prevention Team.",
			func(r *Row) **int { return &r.PPS }},
		{"custom_notifications", "Custom notifications", "Meetings; persons met together are one.",
			func(r *Row) **int { return &r.CustomNotifications }},
		{"call_ins", "Called in", "Individuals who attended a call-in.",
			func(r *Row) **int { return &r.CallIns }},
		{"call_in_meetings", "Call-in meetings", "Call-ins held.",
			func(r *Row) **int { return &r.CallInMeetings }},
		{"relocations", "Relocations", "Relocations, each record one.",
			func(r *Row) **int { return &r.Relocations }},
		{"n", "n", "Assessed plus other referrals.",
			func(r *Row) **int { return &r.N }},
	}
}
