package store

import (
	"context"
	"crypto/rand"
	"fmt"
)

const secretBytes = 32 // the size of an HMAC-SHA-256 key

// Secret gives the server's secret of a name: 32 random bytes, made on first use
// and the same ever after, in every instance and after a restored backup. Callers
// keep it in memory.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	fresh := make([]byte, secretBytes)
	rand.Read(fresh) // never fails
	return In(ctx, s, func(tx *Tx) ([]byte, error) {
		_, err := tx.exec(`INSERT INTO server_secrets (name, value, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING`,
			name, fresh, tx.Now.UnixMilli())
		if err != nil {
			return nil, fmt.Errorf("make secret: %w", err)
		}
		var value []byte
		if err := tx.row(`SELECT value FROM server_secrets WHERE name = ?`, name).Scan(&value); err != nil {
			return nil, fmt.Errorf("read secret: %w", err)
		}
		return value, nil
	})
}
