package reports

// The counts that the 2024 report prints in its text and that its own tables contradict.
const (
	printedViaReview2024   = 191
	printedDuals2024       = 3
	printedDoubles2024     = 1
	printedNotReferred2024 = 39
	printedNoteTwo2024     = 13
	printedNoteTwoSent2024 = 8
	printedNoteOne2024     = 18
	printedNovHHPTVIF2024  = 4
)

// disagreements2024 sets the report's sentences beside its tables. The table's side is counted
// from the embedded figures wherever they hold it, so neither number can drift.
func disagreements2024(p Published) []Disagreement {
	viaReview := *p.Totals.AppropriateReferral
	notReferred := *p.Totals.Assessed - viaReview
	passedOn := *p.Totals.SSCC + *p.Totals.PPS
	toHHPTVIF := *p.Totals.OutHHP + *p.Totals.OutTVIF
	duals := *p.Totals.OutSLOICM + toHHPTVIF - *p.Totals.Referred
	doubles := *p.Totals.ICM + *p.Totals.ShortTerm + *p.Totals.SLO - *p.Totals.Engaged
	november := *p.Rows[10].EnrolledHHPTVIF
	return []Disagreement{
		numbers("referrals via shooting reviews", printedViaReview2024, viaReview,
			"the text counts one more than the table and the twelve months do"),
		numbers("people with two services", printedDuals2024, duals,
			"the services opened exceed the people referred by this many, and the monthly footnotes name each of them"),
		numbers("people counted twice among the engaged", printedDoubles2024, doubles,
			"October alone has two who enrolled in life coaching and in trauma services"),
		numbers("assessed and not referred", printedNotReferred2024, notReferred,
			"assessed less those referred by a review; the monthly footnotes come to the same"),
		numbers("assessed and not referred, second note", printedNoteTwo2024, notReferred,
			"the note was true at the end of August and was not brought up to date"),
		numbers("of those, passed to SSCC or PPS", printedNoteTwoSent2024, passedOn,
			"the same note; by the year's end the monthly tables hold more"),
		numbers("referred to HHP and TVIF, first note", printedNoteOne2024, toHHPTVIF,
			"services opened on those two tracks over the year"),
		numbers("November, enrolled in HHP or TVIF", printedNovHHPTVIF2024, november,
			"four enrolled in all, two of them in life coaching, leave this many; so does the year's sum"),
		{Topic: "unable to place", Printed: "May counts one person as unable to place",
			Against: "the appendix gives a referral to other services as the reason, which the list of reasons in the seventh note lacks"},
		{Topic: "who is high-risk", Printed: "people in short-term services were not deemed high-risk",
			Against: "they are among those the report calls high-risk individuals referred"},
	}
}

func numbers(topic string, printed, counted int, against string) Disagreement {
	return Disagreement{Topic: topic, Printed: "printed in the text", Against: against,
		PrintedCount: &printed, TableCount: &counted}
}
