package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// ReportCase is all that one service's page is counted from but its attempts.
type ReportCase struct {
	Services    []ReportService // one, or none: there is none in the scope
	Events      []ReportEvent
	Assignments []ReportAssignment
	Workers     []ReportWorker // ever assigned
}

const assignedWorkers = ` AND u.id IN (SELECT a.user_id FROM assignments a WHERE a.program_no = ? AND a.service_id = ?)`

// Case reads one service of a scope with everything of it, and visits its attempts, in
// no order; on Postgres in one way there and back. Of a service that is not in the
// scope nothing is to be told: its history may be in the answer, its attempts are not.
func (r *Reading) Case(scope ReportScope, words *Words, visit func(ReportAttempt) error) (ReportCase, error) {
	var out ReportCase
	place, err := placesOf([]string{scope.Service})
	if err != nil {
		return out, fmt.Errorf("read a case: %w", err)
	}
	if r.s.dialect == SQLite {
		return r.caseSQLite(scope, words, visit)
	}
	where, params := scope.conditions()
	batch := &pgx.Batch{}
	queue := func(query string, params ...any) { batch.Queue(r.s.sql(query), params...) }
	queue(`SELECT `+reportServiceColumns+reportServiceTables+`WHERE `+where, params...)
	queue(reportEventColumns+`service_id = ?`, scope.Program, scope.Service)
	queue(reportAssignmentColumns+`service_id = ?`, scope.Program, scope.Service)
	queue(reportWorkerColumns+assignedWorkers+reportWorkerOrder, scope.Program, scope.Program, scope.Service, usersLimit)
	queue(`SELECT `+attemptColumns+` FROM contact_attempts WHERE program_no = ? AND service_id = ?`, scope.Program, scope.Service)
	c := &columnReader{words: words, place: place}
	scan := []func(pgx.Rows) error{
		into(&out.Services, scanReportService), into(&out.Events, scanReportEvent),
		into(&out.Assignments, scanReportAssignment), into(&out.Workers, scanReportWorker),
		func(rows pgx.Rows) error {
			if len(out.Services) == 0 {
				return nil
			}
			c.values, c.fields = rows.RawValues(), rows.FieldDescriptions()
			return c.attempt(visit)
		},
	}
	err = r.conn.Raw(func(raw any) error {
		conn, ok := raw.(*stdlib.Conn)
		if !ok {
			return errors.New("the connection is not pgx's")
		}
		return runBatch(r.ctx, conn.Conn(), batch, scan)
	})
	if err != nil {
		return out, fmt.Errorf("read a case: %w", err)
	}
	return out, nil
}

// into makes what reads rows into a list.
func into[T any](list *[]T, scan func(scanner) (T, error)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		one, err := scan(rows)
		*list = append(*list, one)
		return err
	}
}

// caseSQLite is Case where a query goes no way.
func (r *Reading) caseSQLite(scope ReportScope, words *Words, visit func(ReportAttempt) error) (ReportCase, error) {
	var out ReportCase
	var err error
	if out.Services, err = r.Services(scope, "", 1); err != nil || len(out.Services) == 0 {
		return out, err
	}
	ids := []string{scope.Service}
	events, err := r.StatusEvents(scope.Program, ids)
	if err != nil {
		return out, err
	}
	assignments, err := r.Assignments(scope.Program, ids)
	if err != nil {
		return out, err
	}
	out.Events, out.Assignments = events[scope.Service], assignments[scope.Service]
	rows, err := r.query(reportWorkerColumns+assignedWorkers+reportWorkerOrder, scope.Program, scope.Program, scope.Service, usersLimit)
	if err != nil {
		return out, fmt.Errorf("look up workers: %w", err)
	}
	if out.Workers, err = scanReportWorkers(rows); err != nil {
		return out, err
	}
	return out, r.Attempts(scope.Program, ids, false, words, visit)
}
