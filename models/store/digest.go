package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
)

// MigrationsDigest tells apart sets of migrations of one dialect: 12 hex digits
// over their names and texts. Tests name a ready-made database by it.
func MigrationsDigest(d Dialect) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations, "migrations/"+string(d), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := migrations.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", path, len(text))
		sum.Write(text)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read migrations: %w", err)
	}
	fmt.Fprintf(sum, "jobs %d %d\n", jobTables, jobTablesSchema) // in Go
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}
