package auth_test

import (
	"context"
	"strings"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// FuzzAccessToken: no text but a token of this server lets anybody in, and one that
// does lets in who it was made for; everything else is unauthorized or expired.
func FuzzAccessToken(f *testing.F) {
	s := newSite(f, storetest.Open(f, store.SQLite))
	ctx := context.Background()
	tokens, err := s.try(password, "192.0.2.1", "d")
	if err != nil {
		f.Fatal(err)
	}
	owner, err := s.Check(ctx, tokens.Access)
	if err != nil {
		f.Fatal(err)
	}
	parts := strings.Split(tokens.Access, ".")
	for _, text := range []string{tokens.Access, "", "..", "a.b.c", tokens.Refresh, parts[0] + "." + parts[1] + ".", parts[0] + ".." + parts[2],
		"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + parts[1] + ".", "eyJhbGciOiJIUzI1NiJ9." + parts[1] + "." + parts[2], tokens.Access + "=", strings.ToUpper(tokens.Access)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		who, err := s.Check(ctx, text)
		if err == nil && (who != owner || strings.Count(text, ".") != 2) {
			t.Fatalf("%q lets %+v in", text, who)
		}
		if known := models.AsError(err); err != nil && (known == nil || known.Kind != models.KindUnauthorized) {
			t.Fatalf("%q is %v", text, err)
		}
	})
}
