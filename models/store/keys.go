package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// SigningKey is a pair of keys that signs access tokens. The private half is
// sealed by the caller; the store cannot open it.
type SigningKey struct {
	ID        string
	Public    []byte
	Sealed    []byte
	CreatedAt time.Time
	RetiredAt time.Time // zero while it is the one that signs
}

// SigningKeys lists all keys, the oldest first. There are few: one a rotation.
func (s *Store) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	rows, err := s.readSQL.QueryContext(ctx,
		`SELECT id, public, sealed, created_at, retired_at FROM signing_keys ORDER BY created_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list signing keys: %w", err)
	}
	defer rows.Close()
	var out []SigningKey
	for rows.Next() {
		var k SigningKey
		var created int64
		var retired sql.NullInt64
		if err := rows.Scan(&k.ID, &k.Public, &k.Sealed, &created, &retired); err != nil {
			return nil, fmt.Errorf("read signing key: %w", err)
		}
		k.CreatedAt = fromMillis(created)
		if retired.Valid {
			k.RetiredAt = fromMillis(retired.Int64)
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// InsertSigningKey stores a key made now. All others retire now.
func (tx *Tx) InsertSigningKey(k SigningKey) error {
	if _, err := tx.exec(`UPDATE signing_keys SET retired_at = ? WHERE retired_at IS NULL`, tx.Now.UnixMilli()); err != nil {
		return fmt.Errorf("retire signing keys: %w", err)
	}
	_, err := tx.exec(`INSERT INTO signing_keys (id, public, sealed, created_at) VALUES (?, ?, ?, ?)`,
		k.ID, k.Public, k.Sealed, tx.Now.UnixMilli())
	if err != nil {
		return fmt.Errorf("insert signing key: %w", err)
	}
	return nil
}

// InsertFirstSigningKey stores a key made now unless there is one already, of
// whatever age, and tells whether it did.
func (tx *Tx) InsertFirstSigningKey(k SigningKey) (bool, error) {
	var there bool
	if err := tx.row(`SELECT EXISTS (SELECT 1 FROM signing_keys)`).Scan(&there); err != nil {
		return false, fmt.Errorf("look for signing keys: %w", err)
	}
	if there {
		return false, nil
	}
	return true, tx.InsertSigningKey(k)
}
