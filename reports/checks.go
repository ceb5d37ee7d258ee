package reports

// identity is an equation between two figures of a month; over a year both sides add up.
type identity struct {
	name        string
	left, right func(*monthCount) int
}

// identities checks the equations that every rebuilt summary must meet. One that fails points
// at records that are missing something: most often a referral without any service.
func identities(year []monthCount) []Check {
	return check(year, []identity{
		{"referred = engaged + pursuing + refused + unable_to_place",
			func(m *monthCount) int { return m.referred },
			func(m *monthCount) int { return m.engaged + m.pursuing + m.refused + m.unable }},
		{"status rows − double enrolments = referred",
			func(m *monthCount) int { return m.statusRows() - m.doubles },
			func(m *monthCount) int { return m.referred }},
		{"services − absorbed dual services = referred",
			func(m *monthCount) int { return m.services - m.absorbed },
			func(m *monthCount) int { return m.referred }},
		{"out_slo_icm + out_hhp + out_tvif = services",
			func(m *monthCount) int { return m.outSLOICM + m.outHHP + m.outTVIF },
			func(m *monthCount) int { return m.services }},
		{"icm + short_term + slo − double enrolments = engaged",
			func(m *monthCount) int { return m.icm + m.shortTerm + m.slo - m.doubles },
			func(m *monthCount) int { return m.engaged }},
		{"enrolled_slo_icm + enrolled_hhp_tvif = icm",
			func(m *monthCount) int { return m.enrolledSLOICM + m.enrolledHHPTVIF },
			func(m *monthCount) int { return m.icm }},
		{"appropriate_for_referral + other_referrals = referred",
			func(m *monthCount) int { return m.viaReview + m.other },
			func(m *monthCount) int { return m.referred }},
		{"n = assessed + other_referrals",
			func(m *monthCount) int { return *m.row(0).N },
			func(m *monthCount) int { return m.assessed + m.other }},
	})
}

// notices compares what usually agrees and need not.
func notices(year []monthCount, strayServices int) []Check {
	out := check(year, []identity{
		{"assessments with disposition referred = referrals via shooting review",
			func(m *monthCount) int { return m.markedReferred },
			func(m *monthCount) int { return m.viaReview }},
	})
	return append(out, Check{Name: "services whose referral is missing = 0",
		Left: strayServices, Holds: strayServices == 0})
}

func check(year []monthCount, all []identity) []Check {
	out := make([]Check, 0, len(all))
	for _, id := range all {
		c := Check{Name: id.name}
		for i := range year {
			left, right := id.left(&year[i]), id.right(&year[i])
			c.Left += left
			c.Right += right
			if left != right {
				c.Months = append(c.Months, i+1)
			}
		}
		c.Holds = c.Left == c.Right && len(c.Months) == 0
		out = append(out, c)
	}
	return out
}

func (m *monthCount) statusRows() int {
	return m.pursuing + m.slo + m.icm + m.shortTerm + m.refused + m.unable
}
