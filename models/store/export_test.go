package store

// Exec runs a statement in a transaction, for tests that interfere with one.
func (tx *Tx) Exec(query string, args ...any) error {
	_, err := tx.exec(query, args...)
	return err
}
