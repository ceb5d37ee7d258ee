package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"

	"pursuit/sim/harness"
)

// floorServer serves the floors of the pulls: the token verified, the same stored
// documents in pages of the same size packed at the same level, or one row read by
// its primary key. It reads the server's own tables.
func (s *stand) floorServer(ctx context.Context, w *worker) (string, func(), error) {
	key, err := publicKey(ctx, s.server.URL)
	if err != nil {
		return "", nil, err
	}
	db, err := s.openReader(ctx)
	if err != nil {
		return "", nil, err
	}
	f := &floorRoutes{key: key, db: db, kind: s.kind, service: w.service}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.POST("/sync", f.sync)
	e.POST("/idle", f.idle)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: e, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return "http://" + listener.Addr().String(), func() { _ = server.Close(); _ = db.Close() }, nil
}

func (s *stand) openReader(ctx context.Context) (*sql.DB, error) {
	if s.kind == harness.SQLite {
		file := strings.TrimPrefix(s.site.URL(), "sqlite://")
		return sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=query_only(1)&_pragma=cache_size(-16000)")
	}
	pool, err := pgxpool.New(ctx, s.site.URL())
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDBFromPool(pool), nil
}

func publicKey(ctx context.Context, base string) (ed25519.PublicKey, error) {
	answer, err := harness.NewClient(base, nil).JSON(ctx, http.MethodGet, "/.well-known/jwks.json", nil)
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct {
			X string `json:"x"`
		} `json:"keys"`
	}
	if err := answer.Decode(&set); err != nil || len(set.Keys) == 0 {
		return nil, errors.Join(err, errors.New("no public key"))
	}
	return base64.RawURLEncoding.DecodeString(set.Keys[0].X)
}

type floorRoutes struct {
	key     ed25519.PublicKey
	db      *sql.DB
	kind    harness.Kind
	service string
}

func (f *floorRoutes) verify(c echo.Context) error {
	token := strings.TrimPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
	_, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return f.key, nil }, jwt.WithValidMethods([]string{"EdDSA"}))
	return err
}

func (f *floorRoutes) idle(c echo.Context) error {
	if err := f.verify(c); err != nil {
		return err
	}
	query := `SELECT seq FROM sequences WHERE program_no = $1`
	var seq int64
	if err := f.db.QueryRowContext(c.Request().Context(), query, 1).Scan(&seq); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"seq": seq, "cursor": "", "complete": true})
}

// sync streams all documents of the feed in pages by seq.
func (f *floorRoutes) sync(c echo.Context) error {
	if err := f.verify(c); err != nil {
		return err
	}
	var in struct {
		Pull struct {
			Cursor *string `json:"cursor"`
		} `json:"pull"`
	}
	if err := json.NewDecoder(c.Request().Body).Decode(&in); err != nil {
		return err
	}
	var after int64
	if in.Pull.Cursor != nil {
		var err error
		if after, err = strconv.ParseInt(*in.Pull.Cursor, 10, 64); err != nil {
			return err
		}
	}
	rows, err := f.db.QueryContext(c.Request().Context(),
		`SELECT seq, doc FROM feed WHERE program_no = 1 AND seq > $1 ORDER BY seq LIMIT $2`, after, pageRows)
	if err != nil {
		return err
	}
	defer rows.Close()
	var b bytes.Buffer
	b.WriteString(`{"changes":{"contact_attempts":{"upsert":[`)
	n := 0
	for rows.Next() {
		var doc sql.RawBytes
		if err := rows.Scan(&after, &doc); err != nil {
			return err
		}
		if n > 0 {
			b.WriteByte(',')
		}
		b.Write(doc)
		n++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	fmt.Fprintf(&b, `]}},"cursor":"%d","complete":%v}`, after, n < pageRows)
	c.Response().Header().Set("Content-Encoding", "gzip")
	c.Response().WriteHeader(http.StatusOK)
	packer, err := gzip.NewWriterLevel(c.Response(), gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := packer.Write(b.Bytes()); err != nil {
		return err
	}
	return packer.Close()
}
