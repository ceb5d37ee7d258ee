package store

import (
	"database/sql"
	"fmt"
	"time"
)

// ReportScope says which services a report reads. Empty fields do not narrow it.
type ReportScope struct {
	Program int32
	Org     string // services of this organisation
	Org2    string // and of this one too: what was asked for within what may be seen
	Given   bool   // also services that the organisation gave away to another
	Worker  string // services that this user is assigned to
	Ever    bool   // or ever was
	Service string // this one
	Track   string
}

// conditions narrow services v.
func (c ReportScope) conditions() (string, []any) {
	query, params := `v.program_no = ?`, []any{c.Program}
	add := func(set, condition string) {
		if set != "" {
			query += ` AND ` + condition
			params = append(params, set)
		}
	}
	for _, org := range []string{c.Org, c.Org2} {
		if !c.Given {
			add(org, `v.org_id = ?`)
		} else if org != "" {
			query += ` AND (v.org_id = ? OR EXISTS (SELECT 1 FROM transfers t WHERE t.program_no = v.program_no AND t.service_id = v.id
				AND t.from_org_id = ? AND t.state = 'accepted'))`
			params = append(params, org, org)
		}
	}
	add(c.Service, `v.id = ?`)
	add(c.Track, `v.track = ?`)
	assigned := `EXISTS (SELECT 1 FROM assignments a WHERE a.program_no = v.program_no AND a.service_id = v.id AND a.user_id = ?`
	if !c.Ever {
		assigned += ` AND a.ended_at IS NULL`
	}
	add(c.Worker, assigned+`)`)
	return query, params
}

// ReportService is a live service with its person's code and its referral's date.
type ReportService struct {
	ID, ReferralID, PersonID string
	PersonCode               string
	ReferredOn               string // "" when the referral is gone
	Track, OrgID             string
	Status, StatusOn         string
	CreatedAt                time.Time
}

// ReportEvent is a row of status_events.
type ReportEvent struct {
	ID, ServiceID string
	V             int64
	From, To, On  string
	CreatedAt     time.Time
}

// ReportAssignment is a row of assignments.
type ReportAssignment struct {
	ID, ServiceID, UserID, Role string
	StartedAt                   time.Time
	EndedAt                     time.Time // zero while it lasts
}

const reportServiceColumns = `v.id, v.referral_id, v.person_id, p.code, r.referred_on, v.track, v.org_id, v.status, v.status_on, v.created_at`

const reportServiceTables = ` FROM services v
	LEFT JOIN people p ON p.program_no = v.program_no AND p.id = v.person_id
	LEFT JOIN referrals r ON r.program_no = v.program_no AND r.id = v.referral_id `

// ServiceIDs lists the ids of what Services lists.
func (r *Reading) ServiceIDs(scope ReportScope, after string, limit int) ([]string, error) {
	where, params := scope.conditions()
	rows, err := r.query(`SELECT v.id FROM services v WHERE `+where+` AND v.id > ? ORDER BY v.id LIMIT ?`,
		append(params, rowID(after), limit)...)
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read service: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// Services lists live services of a scope by id, at most limit after the given id
// ("" starts at the first).
func (r *Reading) Services(scope ReportScope, after string, limit int) ([]ReportService, error) {
	where, params := scope.conditions()
	rows, err := r.query(`SELECT `+reportServiceColumns+reportServiceTables+`WHERE `+where+`
		AND v.id > ? ORDER BY v.id LIMIT ?`, append(params, rowID(after), limit)...)
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return scanReportServices(rows)
}

func scanReportServices(rows *sql.Rows) ([]ReportService, error) {
	defer rows.Close()
	var out []ReportService
	for rows.Next() {
		v, err := scanReportService(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func scanReportService(row scanner) (v ReportService, err error) {
	var at sql.NullInt64
	err = row.Scan(&v.ID, text{&v.ReferralID}, text{&v.PersonID}, text{&v.PersonCode}, text{&v.ReferredOn},
		text{&v.Track}, text{&v.OrgID}, text{&v.Status}, text{&v.StatusOn}, &at)
	if err != nil {
		return v, fmt.Errorf("read service: %w", err)
	}
	v.CreatedAt = timeOrZero(at)
	return v, nil
}

// text scans a column that may be null into a string.
type text struct{ into *string }

// Scan implements sql.Scanner.
func (t text) Scan(value any) error {
	var s sql.NullString
	err := s.Scan(value)
	*t.into = s.String
	return err
}

func timeOrZero(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return fromMillis(ms.Int64)
}

const (
	reportEventColumns      = `SELECT id, service_id, seq, "from", "to", "on", created_at FROM status_events WHERE program_no = ? AND `
	reportAssignmentColumns = `SELECT id, service_id, user_id, role, started_at, ended_at FROM assignments WHERE program_no = ? AND `
)

// StatusEvents gives the status events of some services, by service.
func (r *Reading) StatusEvents(program int32, services []string) (map[string][]ReportEvent, error) {
	rows, err := r.query(reportEventColumns+r.s.in("service_id"), program, r.s.ids(services))
	if err != nil {
		return nil, fmt.Errorf("list status events: %w", err)
	}
	return scanReportEvents(rows)
}

func scanReportEvents(rows *sql.Rows) (map[string][]ReportEvent, error) {
	defer rows.Close()
	out := map[string][]ReportEvent{}
	for rows.Next() {
		e, err := scanReportEvent(rows)
		if err != nil {
			return nil, err
		}
		out[e.ServiceID] = append(out[e.ServiceID], e)
	}
	return out, rows.Err()
}

func scanReportEvent(row scanner) (e ReportEvent, err error) {
	var at sql.NullInt64
	if err := row.Scan(&e.ID, &e.ServiceID, &e.V, text{&e.From}, text{&e.To}, text{&e.On}, &at); err != nil {
		return e, fmt.Errorf("read status event: %w", err)
	}
	e.CreatedAt = timeOrZero(at)
	return e, nil
}

// Assignments gives the assignments of some services, ended ones included, by service.
func (r *Reading) Assignments(program int32, services []string) (map[string][]ReportAssignment, error) {
	rows, err := r.query(reportAssignmentColumns+r.s.in("service_id"), program, r.s.ids(services))
	if err != nil {
		return nil, fmt.Errorf("list assignments: %w", err)
	}
	defer rows.Close()
	out := make(map[string][]ReportAssignment, len(services))
	for rows.Next() {
		a, err := scanReportAssignment(rows)
		if err != nil {
			return nil, err
		}
		out[a.ServiceID] = append(out[a.ServiceID], a)
	}
	return out, rows.Err()
}

func scanReportAssignment(row scanner) (a ReportAssignment, err error) {
	var from, to sql.NullInt64
	if err := row.Scan(&a.ID, &a.ServiceID, &a.UserID, &a.Role, &from, &to); err != nil {
		return a, fmt.Errorf("read assignment: %w", err)
	}
	a.StartedAt, a.EndedAt = timeOrZero(from), timeOrZero(to)
	return a, nil
}

// ReportWorker is a user with the last sync of any of their devices.
type ReportWorker struct {
	UserID, OrgID, Name string
	Role                string
	Active              bool
	LastSyncAt          time.Time // zero = never
}

const reportWorkerColumns = `SELECT u.id, u.org_id, u.name, u.role, u.active, coalesce(max(d.last_sync_at), 0) FROM users u
	LEFT JOIN devices d ON d.program_no = u.program_no AND d.user_id = u.id WHERE u.program_no = ?`

const reportWorkerOrder = ` GROUP BY u.id, u.org_id, u.name, u.role, u.active ORDER BY u.id LIMIT ?`

// Workers lists the users of a program, whatever their role, inactive ones included.
func (r *Reading) Workers(program int32) ([]ReportWorker, error) {
	rows, err := r.query(reportWorkerColumns+reportWorkerOrder, program, usersLimit)
	if err != nil {
		return nil, fmt.Errorf("list workers: %w", err)
	}
	return scanReportWorkers(rows)
}

func scanReportWorkers(rows *sql.Rows) ([]ReportWorker, error) {
	defer rows.Close()
	var out []ReportWorker
	for rows.Next() {
		w, err := scanReportWorker(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

func scanReportWorker(row scanner) (w ReportWorker, err error) {
	var synced int64
	if err := row.Scan(&w.UserID, &w.OrgID, &w.Name, &w.Role, &w.Active, &synced); err != nil {
		return w, fmt.Errorf("read worker: %w", err)
	}
	if synced > 0 {
		w.LastSyncAt = fromMillis(synced)
	}
	return w, nil
}
