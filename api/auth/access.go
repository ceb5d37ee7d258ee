package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"pursuit/models"
)

const (
	// AccessLife is how long an access token is good.
	AccessLife = 15 * time.Minute

	// verifiedLimit bounds the tokens remembered as genuine, in each of two halves
	// of which the older is dropped: 32,768 phones at about 200 bytes.
	verifiedLimit = 32_768
)

// claims is what an access token says; the session says the rest. A token goes up with
// every request of a phone, over HTTP/1.1 in full, so that it is kept short: no claim
// that nobody reads, and the session's id in 22 characters.
type claims struct {
	Program int32            `json:"prg"`
	Session string           `json:"sid"`
	Expires *jwt.NumericDate `json:"exp"`
}

// Only exp is a registered claim, and its age is asked where the session is known.
func (c claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.Expires, nil }
func (claims) GetIssuedAt() (*jwt.NumericDate, error)         { return nil, nil }
func (claims) GetNotBefore() (*jwt.NumericDate, error)        { return nil, nil }
func (claims) GetIssuer() (string, error)                     { return "", nil }
func (claims) GetSubject() (string, error)                    { return "", nil }
func (claims) GetAudience() (jwt.ClaimStrings, error)         { return nil, nil }

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
	session, err := shortened(se.ID)
	if err != nil {
		return "", fmt.Errorf("name the session: %w", err)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{Program: se.Program, Session: session,
		Expires: jwt.NewNumericDate(a.clock().Add(AccessLife))})
	delete(token.Header, "typ")
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
	session, ok := lengthened(c.Session)
	if err != nil || c.Expires == nil || !ok {
		return genuine{}, false
	}
	return genuine{program: c.Program, session: session, expires: c.Expires.Unix()}, true
}

// shortened writes an id's 16 bytes in 22 characters.
func shortened(id string) (string, error) {
	u, err := uuid.Parse(id)
	return base64.RawURLEncoding.EncodeToString(u[:]), err
}

// lengthened reads back what shortened wrote, and an id as it is: tokens were longer
// once, and a phone that was wiped may confirm with one from then.
func lengthened(text string) (string, bool) {
	if models.ValidID(text) {
		return text, true
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	u, wrong := uuid.FromBytes(b)
	return u.String(), err == nil && wrong == nil
}

func (a *access) remember(sum [sha256.Size]byte, g genuine) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.young == nil || len(a.young) >= verifiedLimit {
		a.old, a.young = a.young, map[[sha256.Size]byte]genuine{}
	}
	a.young[sum] = g
}
