package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// SummaryScope says which records a summary reads.
type SummaryScope struct {
	Program  int32
	Org      string // of this organisation; "" = the program
	From, To string // dates YYYY-MM-DD, both ends counted
}

// An organisation's records are the services it runs, the referrals that led to
// them, and what else is known of persons it holds; of referrals that led nowhere,
// those of persons it holds.
const (
	orgHolds = `EXISTS (SELECT 1 FROM grants g WHERE g.program_no = x.program_no AND g.bucket = x.person_id
		AND g.principal = ? AND g.revoked IS NULL)`
	orgRefers = `(EXISTS (SELECT 1 FROM services v WHERE v.program_no = x.program_no AND v.referral_id = x.id AND v.org_id = ?)
		OR NOT EXISTS (SELECT 1 FROM services v WHERE v.program_no = x.program_no AND v.referral_id = x.id) AND ` + orgHolds + `)`
)

// within adds a condition of an organisation, which stands in it as often as the
// condition has parameters.
func (c SummaryScope) within(condition string, params ...any) (string, []any) {
	if c.Org == "" {
		return "", params
	}
	for range strings.Count(condition, "?") {
		params = append(params, c.Org)
	}
	return ` AND ` + condition, params
}

// ReportReferral is a live row of referrals.
type ReportReferral struct {
	ID, PersonID, Source, ReferredOn string
	CreatedAt                        time.Time
}

// Referrals lists the referrals of a summary by referred_on.
func (r *Reading) Referrals(c SummaryScope) ([]ReportReferral, error) {
	org, params := c.within(orgRefers, c.Program, c.From, c.To)
	rows, err := r.query(`SELECT x.id, x.person_id, x.source, x.referred_on, x.created_at FROM referrals x
		WHERE x.program_no = ? AND x.referred_on >= ? AND x.referred_on <= ?`+org, params...)
	if err != nil {
		return nil, fmt.Errorf("list referrals: %w", err)
	}
	defer rows.Close()
	var out []ReportReferral
	for rows.Next() {
		var x ReportReferral
		var at sql.NullInt64
		if err := rows.Scan(&x.ID, &x.PersonID, text{&x.Source}, &x.ReferredOn, &at); err != nil {
			return nil, fmt.Errorf("read referral: %w", err)
		}
		x.CreatedAt = timeOrZero(at)
		out = append(out, x)
	}
	return out, rows.Err()
}

// referredServices are the services of a summary's referrals.
const referredServices = ` FROM referrals r JOIN services v ON v.program_no = r.program_no AND v.referral_id = r.id
	WHERE r.program_no = ? AND r.referred_on >= ? AND r.referred_on <= ?`

func (c SummaryScope) referred() (string, []any) {
	if c.Org == "" {
		return referredServices, []any{c.Program, c.From, c.To}
	}
	return referredServices + ` AND v.org_id = ?`, []any{c.Program, c.From, c.To, c.Org}
}

// summaryServices are these and those whose referral is gone.
const summaryServices = ` FROM services v LEFT JOIN referrals r ON r.program_no = v.program_no AND r.id = v.referral_id
	WHERE v.program_no = ? AND (r.id IS NULL OR r.referred_on >= ? AND r.referred_on <= ?)`

func (c SummaryScope) services() (string, []any) {
	if c.Org == "" {
		return summaryServices, []any{c.Program, c.From, c.To}
	}
	return summaryServices + ` AND v.org_id = ?`, []any{c.Program, c.From, c.To, c.Org}
}

// SummaryServices lists the services of a summary's referrals, with what a summary
// counts of them: not the person, the organisation, and when the row was made.
func (r *Reading) SummaryServices(c SummaryScope) ([]ReportService, error) {
	where, params := c.referred()
	rows, err := r.query(`SELECT v.id, v.referral_id, r.person_id, r.referred_on, v.track, v.status, v.status_on`+where, params...)
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	defer rows.Close()
	var out []ReportService
	for rows.Next() {
		var v ReportService
		if err := rows.Scan(&v.ID, &v.ReferralID, text{&v.PersonID}, text{&v.ReferredOn}, text{&v.Track}, text{&v.Status}, text{&v.StatusOn}); err != nil {
			return nil, fmt.Errorf("read service: %w", err)
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// StrayServices counts the services of a summary's scope whose referral is gone.
func (r *Reading) StrayServices(c SummaryScope) (n int, err error) {
	query, params := `SELECT count(*) FROM services v WHERE v.program_no = ? AND NOT EXISTS (SELECT 1 FROM referrals r
		WHERE r.program_no = v.program_no AND r.id = v.referral_id)`, []any{c.Program}
	if c.Org != "" {
		query, params = query+` AND v.org_id = ?`, append(params, c.Org)
	}
	if err := r.row(query, params...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count services without a referral: %w", err)
	}
	return n, nil
}

// SummaryEvents gives the status events of SummaryServices, by service.
func (r *Reading) SummaryEvents(c SummaryScope) (map[string][]ReportEvent, error) {
	where, params := c.referred()
	rows, err := r.query(`SELECT e.id, e.service_id, e.seq, e."from", e."to", e."on", e.created_at FROM status_events e
		WHERE e.program_no = ? AND e.service_id IN (SELECT v.id`+where+`)`, append([]any{c.Program}, params...)...)
	if err != nil {
		return nil, fmt.Errorf("list status events: %w", err)
	}
	return scanReportEvents(rows)
}

// ReportAssessment is a live row of assessments.
type ReportAssessment struct {
	ID, PersonID, ShootingReviewOn, Disposition string
}

// Assessments lists the assessments of a summary.
func (r *Reading) Assessments(c SummaryScope) ([]ReportAssessment, error) {
	org, params := c.within(orgHolds, c.Program, c.From, c.To)
	rows, err := r.query(`SELECT x.id, x.person_id, x.shooting_review_on, x.disposition FROM assessments x
		WHERE x.program_no = ? AND x.shooting_review_on >= ? AND x.shooting_review_on <= ?`+org, params...)
	if err != nil {
		return nil, fmt.Errorf("list assessments: %w", err)
	}
	defer rows.Close()
	var out []ReportAssessment
	for rows.Next() {
		var x ReportAssessment
		if err := rows.Scan(&x.ID, &x.PersonID, &x.ShootingReviewOn, text{&x.Disposition}); err != nil {
			return nil, fmt.Errorf("read assessment: %w", err)
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// ReportProgramEvent is a live row of program_events.
type ReportProgramEvent struct {
	ID, PersonID, Kind, On, MeetingID string
}

// ProgramEvents lists the program events of a summary, and earlier ones that had
// company: a meeting belongs to the month of its first date.
func (r *Reading) ProgramEvents(c SummaryScope) ([]ReportProgramEvent, error) {
	org, params := c.within(orgHolds, c.Program, c.To, c.From)
	rows, err := r.query(`SELECT x.id, x.person_id, x.kind, x."on", x.meeting_id FROM program_events x
		WHERE x.program_no = ? AND x."on" <= ? AND (x."on" >= ? OR x.meeting_id IS NOT NULL)`+org, params...)
	if err != nil {
		return nil, fmt.Errorf("list program events: %w", err)
	}
	defer rows.Close()
	var out []ReportProgramEvent
	for rows.Next() {
		var x ReportProgramEvent
		if err := rows.Scan(&x.ID, &x.PersonID, text{&x.Kind}, text{&x.On}, text{&x.MeetingID}); err != nil {
			return nil, fmt.Errorf("read program event: %w", err)
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// IncidentCount is one month's aggregate of shootings; nil is "not entered".
type IncidentCount struct {
	Program              int32
	Year, Month          int
	InjuryFatalShootings *int64
	ShootingIncidents    *int64
	By                   string // user id
}

// Incidents lists a year's counts.
func (r *Reading) Incidents(program int32, year int) ([]IncidentCount, error) {
	rows, err := r.query(`SELECT month, injury_fatal_shootings, shooting_incidents FROM incident_counts
		WHERE program_no = ? AND year = ? ORDER BY month`, program, year)
	if err != nil {
		return nil, fmt.Errorf("list incident counts: %w", err)
	}
	defer rows.Close()
	var out []IncidentCount
	for rows.Next() {
		c := IncidentCount{Program: program, Year: year}
		if err := rows.Scan(&c.Month, &c.InjuryFatalShootings, &c.ShootingIncidents); err != nil {
			return nil, fmt.Errorf("read incident count: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// PutIncidentCount stores one month's counts in place of those that stood there.
func (s *Store) PutIncidentCount(ctx context.Context, c IncidentCount) error {
	_, err := s.PatchIncidentCount(ctx, c, true, true)
	return err
}

// PatchIncidentCount stores those of one month's counts that are to change; the others
// stay. It answers what stands then.
func (s *Store) PatchIncidentCount(ctx context.Context, c IncidentCount, injuryFatal, incidents bool) (IncidentCount, error) {
	out := c
	err := InTx(ctx, s, func(tx *Tx) error {
		err := tx.row(`INSERT INTO incident_counts (program_no, year, month, injury_fatal_shootings, shooting_incidents, updated_by, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (program_no, year, month) DO UPDATE SET
			injury_fatal_shootings = CASE WHEN ? THEN excluded.injury_fatal_shootings ELSE incident_counts.injury_fatal_shootings END,
			shooting_incidents = CASE WHEN ? THEN excluded.shooting_incidents ELSE incident_counts.shooting_incidents END,
			updated_by = excluded.updated_by, updated_at = excluded.updated_at
			RETURNING injury_fatal_shootings, shooting_incidents`,
			c.Program, c.Year, c.Month, c.InjuryFatalShootings, c.ShootingIncidents, c.By, tx.Now.UnixMilli(), injuryFatal, incidents).
			Scan(&out.InjuryFatalShootings, &out.ShootingIncidents)
		if err != nil {
			return fmt.Errorf("store incident count: %w", err)
		}
		return nil
	})
	return out, err
}
