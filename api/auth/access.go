package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"pursuit/models"
)

const (
	// AccessLife is how long an access token is good.
	AccessLife = 15 * time.Minute

	issuer = "pursuit"
	// verifiedLimit bounds the tokens remembered as genuine, in each of two halves
	// of which the older is dropped: 32,768 phones at about 200 bytes.
	verifiedLimit = 32_768
)

// claims is what an access token says. The session says the rest.
type claims struct {
	Program int32  `json:"prg"`
	Session string `json:"sid"`
	jwt.RegisteredClaims
}

// genuine is what remains of a token whose signature was checked.
type genuine struct {
	program int32
	session string
	expires int64 // Unix seconds
}

// access makes and reads access tokens.
type access struct {
	ring  *ring
	clock models.Clock

	mu         sync.RWMutex
	young, old map[[sha256.Size]byte]genuine
}

// sign makes the access token of a session.
func (a *access) sign(ctx context.Context, se models.Session) (string, error) {
	key, err := a.ring.current(ctx)
	if err != nil {
		return "", err
	}
	now := a.clock()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{Program: se.Program, Session: se.ID,
		RegisteredClaims: jwt.RegisteredClaims{Issuer: issuer, Subject: se.UserID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(AccessLife))}})
	token.Header["kid"] = key.id
	text, err := token.SignedString(key.private)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return text, nil
}

// read checks a token's signature, or remembers having done so. It does not look
// at the token's age.
func (a *access) read(ctx context.Context, token string) (genuine, bool) {
	sum := sha256.Sum256([]byte(token))
	a.mu.RLock()
	g, ok := a.young[sum]
	if !ok {
		g, ok = a.old[sum]
	}
	a.mu.RUnlock()
	if ok {
		return g, true
	}
	if g, ok = a.verify(ctx, token); ok {
		a.remember(sum, g)
	}
	return g, ok
}

func (a *access) verify(ctx context.Context, token string) (genuine, bool) {
	var c claims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		key, ok := a.ring.verifier(ctx, id)
		if !ok {
			return nil, fmt.Errorf("unknown key")
		}
		return key, nil
	})
	if err != nil || c.Issuer != issuer || c.ExpiresAt == nil || !models.ValidID(c.Session) {
		return genuine{}, false
	}
	return genuine{program: c.Program, session: c.Session, expires: c.ExpiresAt.Unix()}, true
}

func (a *access) remember(sum [sha256.Size]byte, g genuine) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.young == nil || len(a.young) >= verifiedLimit {
		a.old, a.young = a.young, map[[sha256.Size]byte]genuine{}
	}
	a.young[sum] = g
}
