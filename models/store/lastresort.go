package store

import (
	"fmt"
)

// LastResorts gives those of the services that have a stored attempt at a probation officer.
func (tx *ProgramTx) LastResorts(services []string) ([]string, error) {
	rows, err := tx.query(`SELECT DISTINCT service_id FROM contact_attempts WHERE program_no = ?
		AND channel = 'probation_officer' AND `+tx.s.in("service_id"), tx.Program.No, tx.s.ids(services))
	if err != nil {
		return nil, fmt.Errorf("look for attempts of the last resort: %w", err)
	}
	return scanIDs(rows)
}

// PendingTransfers gives the ids of the stored transfers of a service that nobody has
// answered.
func (tx *ProgramTx) PendingTransfers(service string) ([]string, error) {
	rows, err := tx.query(`SELECT id FROM transfers WHERE program_no = ? AND service_id = ? AND state = 'pending' ORDER BY id`, tx.Program.No, service)
	if err != nil {
		return nil, fmt.Errorf("list transfers: %w", err)
	}
	return scanIDs(rows)
}

// ServicesOf gives the ids of a person's stored services.
func (tx *ProgramTx) ServicesOf(person string) ([]string, error) {
	rows, err := tx.query(`SELECT id FROM services WHERE program_no = ? AND person_id = ?`, tx.Program.No, person)
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return scanIDs(rows)
}
