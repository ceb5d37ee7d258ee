package api

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// BenchmarkRequest is what everything around a handler costs: routing, sign-in,
// metrics, the log, headers.
func BenchmarkRequest(b *testing.B) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	defer slog.SetDefault(before)
	s := newSite(b, storetest.Open(b, store.SQLite))
	for _, path := range []string{"/healthz", "/v1/sync/schema"} {
		b.Run(path, func(b *testing.B) {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Authorization", "Bearer "+s.admin.AccessToken)
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				s.server.Handler().ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
