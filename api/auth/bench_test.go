package auth_test

import (
	"context"
	"testing"

	"pursuit/api/auth"
	"pursuit/models/store/storetest"
)

// BenchmarkCheck is what sign-in costs a request: a token seen before, and one
// whose signature must be verified.
func BenchmarkCheck(b *testing.B) {
	for _, dialect := range storetest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			s := newSite(b, storetest.Open(b, dialect))
			tokens := s.login(b, "phone")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Check(context.Background(), tokens.Access); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPassword is what one sign-in costs a core.
func BenchmarkPassword(b *testing.B) {
	h := auth.NewHasher(auth.StandardCost)
	for b.Loop() {
		if _, err := h.Hash(context.Background(), password); err != nil {
			b.Fatal(err)
		}
	}
}
