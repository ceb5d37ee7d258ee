package auth

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	sweepEvery   = time.Hour
	sessionsKept = 400 * 24 * time.Hour // as tombstones: a wiped phone may confirm late
	flushLimit   = 10 * time.Second     // to store what was noted of syncs: before devices are listed, at shutdown
	secretName   = "tokens"             // of the database's half of the token keys
)

// Service signs people in and tells who a request comes from. It is safe for
// concurrent use.
type Service struct {
	Passwords *Hasher

	store       *store.Store
	ring        *ring
	access      *access
	states      *states
	synced      synced
	refreshKey  []byte
	loginSecret []byte
}

// New makes the service of a migrated store. The first one of a new server makes
// its signing key, sealed by the given key.
func New(ctx context.Context, s *store.Store, seal SealingKey, passwords *Hasher) (*Service, error) {
	secret, err := s.Secret(ctx, secretName)
	if err != nil {
		return nil, err
	}
	svc := &Service{store: s, Passwords: passwords, ring: &ring{store: s, seal: seal},
		synced: synced{storing: make(chan struct{}, 1)}}
	if svc.refreshKey, err = seal.derive(secret, "refresh tokens"); err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	if svc.loginSecret, err = seal.derive(secret, "login failures"); err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	if err := svc.ring.start(ctx); err != nil {
		return nil, err
	}
	svc.access = &access{ring: svc.ring, clock: s.Clock}
	if svc.states, err = newStates(s); err != nil {
		return nil, err
	}
	return svc, nil
}

// RotateKeys makes a new signing key and answers its id. Tokens of the old ones
// stay good.
func RotateKeys(ctx context.Context, s *store.Store, seal SealingKey) (string, error) {
	return (&ring{store: s, seal: seal}).rotate(ctx)
}

// PublicKeys lists the keys to verify access tokens with.
func (s *Service) PublicKeys(ctx context.Context) ([]JWK, error) { return s.ring.published(ctx) }

// Check tells who an access token speaks for, as everything stands now. Refusals:
// device_revoked and device_wipe whatever the token's age, unauthorized for what
// is no token or of an ended session or inactive user, token_expired.
func (s *Service) Check(ctx context.Context, token string) (models.Actor, error) {
	who, expires, err := s.standing(ctx, token)
	if err == nil && s.store.Clock().Unix() >= expires {
		return models.Actor{}, tokenExpired()
	}
	return who, err
}

// Standing is Check for a call that goes on, such as a live stream: the token was
// good when it began, and may have expired since. Its session may not have ended.
func (s *Service) Standing(ctx context.Context, token string) (models.Actor, error) {
	who, _, err := s.standing(ctx, token)
	return who, err
}

func (s *Service) standing(ctx context.Context, token string) (who models.Actor, expires int64, err error) {
	g, ok := s.access.read(ctx, token)
	if !ok {
		return who, 0, unauthorized()
	}
	state, err := s.states.get(ctx, stateKey{g.program, g.session})
	if err != nil {
		return who, 0, unknownSession(err)
	}
	if err := deviceAllows(state.Device); err != nil {
		return who, 0, err
	}
	if state.End != "" || !state.UserActive {
		return who, 0, unauthorized()
	}
	return state.Actor, g.expires, nil
}

// tokens makes the answer of a sign-in or refresh.
func (s *Service) tokens(ctx context.Context, se models.Session) (Tokens, error) {
	text, err := s.access.sign(ctx, se)
	if err != nil {
		return Tokens{}, err
	}
	refresh := refreshToken{se.Program, se.ID, se.Generation}.text(s.refreshKey)
	return Tokens{Access: text, ExpiresIn: AccessLife, Refresh: refresh, DeviceID: se.DeviceID,
		Actor: models.Actor{Program: se.Program, UserID: se.UserID, DeviceID: se.DeviceID}}, nil
}

// Run stores sync times and forgets what is old, until ctx ends; then it stores
// the last times.
func (s *Service) Run(ctx context.Context) {
	flush, sweep := time.NewTicker(syncedEvery), time.NewTicker(sweepEvery)
	defer flush.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushLimit)
			defer cancel()
			warn("store sync times", s.FlushSynced(last))
			return
		case <-flush.C:
			warn("store sync times", s.FlushSynced(ctx))
		case <-sweep.C:
			now := s.store.Clock()
			warn("forget old sessions", s.store.PurgeSessions(ctx, now.Add(-sessionsKept)))
			warn("forget old login failures", s.store.PurgeLogins(ctx, now.Add(-wrongWindow)))
		}
	}
}

func warn(what string, err error) {
	if err != nil {
		slog.Warn("could not "+what, "error", err)
	}
}
