package demo

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// Source names where the figures of Published come from.
const Source = "Portland Public Safety Service Area, Ceasefire Program, 2024 Annual Report"

// Year is the year of the published figures and of the plan.
const Year = 2024

const monthsAYear = 12

//go:embed ceasefire-2024.csv
var ceasefire2024 string

// Month is one row of the published table: counts of one month's cohort, with the
// statuses as of the end of the year. The field order is the column order.
type Month struct {
	Month                int // 1 to 12
	ShootingIncidents    int
	InjuryFatalShootings int
	Assessed             int // persons assessed in the month's shooting reviews
	Appropriate          int // of those, found appropriate for referral
	OtherReferrals       int
	Referred             int // persons
	Pursuing             int
	SLO                  int // engaged with street-level outreach, not enrolled yet
	ICM                  int // enrolled in life coaching, any track
	ShortTerm            int
	Refused              int
	UnableToPlace        int
	SSCC                 int
	PPS                  int
	CustomNotifications  int // meetings
	CallIns              int // individuals
	OutSLOICM            int // services, by track
	OutHHP               int
	OutTVIF              int
	EnrolledSLOICM       int // enrolled services, by track
	EnrolledHHPTVIF      int
	Relocations          int
	N                    int // assessed + other referrals
}

// Cell is one count of a month with its column name in the table.
type Cell struct {
	Column string
	Value  *int
}

// Cells lists the counts of the month by column, in column order. The values point
// into the month.
func (m *Month) Cells() []Cell {
	return []Cell{
		{"month", &m.Month}, {"shooting_incidents", &m.ShootingIncidents},
		{"injury_fatal_shootings", &m.InjuryFatalShootings}, {"assessed", &m.Assessed},
		{"appropriate_for_referral", &m.Appropriate}, {"other_referrals", &m.OtherReferrals},
		{"referred", &m.Referred}, {"pursuing", &m.Pursuing}, {"slo", &m.SLO}, {"icm", &m.ICM},
		{"short_term", &m.ShortTerm}, {"refused", &m.Refused}, {"unable_to_place", &m.UnableToPlace},
		{"sscc", &m.SSCC}, {"pps", &m.PPS}, {"custom_notifications", &m.CustomNotifications},
		{"call_ins", &m.CallIns}, {"out_slo_icm", &m.OutSLOICM}, {"out_hhp", &m.OutHHP},
		{"out_tvif", &m.OutTVIF}, {"enrolled_slo_icm", &m.EnrolledSLOICM},
		{"enrolled_hhp_tvif", &m.EnrolledHHPTVIF}, {"relocations", &m.Relocations}, {"n", &m.N},
	}
}

// Published answers the published table, January first. It fails only when the
// embedded copy is not the table that this package knows.
func Published() ([]Month, error) {
	records, err := csv.NewReader(strings.NewReader(ceasefire2024)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the published table: %w", err)
	}
	if len(records) != 1+monthsAYear {
		return nil, fmt.Errorf("read the published table: %d lines", len(records))
	}
	months := make([]Month, monthsAYear)
	for i := range months {
		if err := months[i].read(records[0], records[1+i]); err != nil {
			return nil, fmt.Errorf("read the published table, line %d: %w", 2+i, err)
		}
		if months[i].Month != 1+i {
			return nil, fmt.Errorf("read the published table, line %d: months out of order", 2+i)
		}
	}
	return months, nil
}

func (m *Month) read(header, record []string) error {
	cells := m.Cells()
	if len(header) != len(cells) {
		return fmt.Errorf("%d columns, want %d", len(header), len(cells))
	}
	for i, cell := range cells {
		if header[i] != cell.Column {
			return fmt.Errorf("column %d is not %s", 1+i, cell.Column)
		}
		count, err := strconv.Atoi(record[i])
		if err != nil {
			return fmt.Errorf("column %s: %w", cell.Column, err)
		}
		*cell.Value = count
	}
	return nil
}
