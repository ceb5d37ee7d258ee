package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	// RefreshLife is how long a refresh token is good after its session's last use:
	// a worker may be offline for weeks.
	RefreshLife = 90 * 24 * time.Hour
	// RetryGrace is how long a spent refresh token answers its successor again, for
	// a phone that lost the answer.
	RetryGrace = 30 * time.Second

	refreshPrefix = "prt_"
	refreshBody   = 4 + 16 + 8 // program, session, generation
	refreshText   = len(refreshPrefix) + (refreshBody+sha256.Size)*4/3
)

// refreshToken is what a refresh token says: the generation-th of a session.
//
// Its text is these three and a MAC over them, so the server keeps nothing but the
// generation that is good now. A smaller one was spent, and is known to be genuine
// however old it is; a larger one was handed out by a database that has since been
// set back to a backup.
type refreshToken struct {
	program    int32
	session    string
	generation int64
}

func (t refreshToken) text(key []byte) string {
	id, err := uuid.Parse(t.session)
	if err != nil {
		id = uuid.Nil // sessions are made with models.NewID
	}
	body := binary.BigEndian.AppendUint32(make([]byte, 0, refreshBody+sha256.Size), uint32(t.program))
	body = append(body, id[:]...)
	body = binary.BigEndian.AppendUint64(body, uint64(t.generation))
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(append(body, refreshMAC(key, body)...))
}

func refreshMAC(key, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return mac.Sum(nil)
}

// parseRefresh reads a token that this server made; everything else is false.
func parseRefresh(key []byte, text string) (refreshToken, bool) {
	if len(text) != refreshText || text[:len(refreshPrefix)] != refreshPrefix {
		return refreshToken{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text[len(refreshPrefix):])
	if err != nil || !hmac.Equal(raw[refreshBody:], refreshMAC(key, raw[:refreshBody])) {
		return refreshToken{}, false
	}
	return refreshToken{
		program:    int32(binary.BigEndian.Uint32(raw[:4])),
		session:    uuid.UUID(raw[4:20]).String(),
		generation: int64(binary.BigEndian.Uint64(raw[20:refreshBody])),
	}, true
}

// Refresh trades a refresh token for the next one and an access token. A spent
// token ends its whole session (refresh_reused), except within RetryGrace while
// its successor is unspent: then it answers that same successor. With a deviceID,
// the token must be that device's.
func (s *Service) Refresh(ctx context.Context, text, deviceID string) (Tokens, error) {
	token, ok := parseRefresh(s.refreshKey, text)
	if !ok {
		return Tokens{}, unauthorized()
	}
	var reused bool
	state, err := store.In(ctx, s.store, func(tx *store.Tx) (models.SessionState, error) {
		state, err := tx.HoldSession(token.program, token.session)
		if err != nil {
			return state, unknownSession(err)
		}
		if err := mayRefresh(state, tx.Now, deviceID); err != nil {
			return state, err
		}
		next, fine := nextGeneration(state, token.generation, tx.Now)
		if reused = !fine; reused {
			scope := store.SessionScope{Program: state.Program, UserID: state.UserID, Session: state.ID}
			return state, tx.EndSessions(scope, models.EndReuse)
		}
		if next == state.Generation {
			return state, nil
		}
		if token.generation > state.Generation {
			slog.Warn("a refresh token is ahead of the database: was a backup restored?", "session", state.ID)
		}
		state.Generation = next
		return state, tx.UseSession(state.Program, state.ID, next)
	})
	if err != nil {
		return Tokens{}, err
	}
	if reused {
		slog.Warn("a spent refresh token was used again", "session", state.ID, "user", state.UserID)
		return Tokens{}, refreshReused()
	}
	return s.tokens(ctx, state.Session)
}

// mayRefresh tells why a session may not go on, if so.
func mayRefresh(state models.SessionState, now time.Time, deviceID string) error {
	if err := deviceAllows(state.Device); err != nil {
		return err
	}
	switch {
	case state.End == models.EndReuse:
		return refreshReused()
	case state.End != "", !state.UserActive, deviceID != "" && deviceID != state.DeviceID:
		return unauthorized()
	case now.Sub(state.UsedAt) > RefreshLife:
		return tokenExpired()
	}
	return nil
}

// nextGeneration tells which generation a token of a session is traded for; false
// means that it was spent for good.
func nextGeneration(state models.SessionState, presented int64, now time.Time) (int64, bool) {
	switch {
	case presented >= state.Generation:
		return presented + 1, true
	case presented == state.Generation-1 && now.Sub(state.UsedAt) <= RetryGrace:
		return state.Generation, true
	}
	return 0, false
}
