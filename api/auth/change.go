package auth

import (
	"context"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// PasswordChange is a checked change of one's own password, to be applied to the
// stored user. The zero value changes nothing.
type PasswordChange struct {
	from, to string // hashes
}

// Apply sets the new hash, unless the password was changed by somebody else since.
func (c PasswordChange) Apply(u *models.User) error {
	if c.to == "" {
		return nil
	}
	if u.PasswordHash != c.from {
		return models.E(models.KindConflict, "conflict", "The password was changed meanwhile.")
	}
	u.PasswordHash = c.to
	return nil
}

// ChangePassword checks the current password and hashes the new one. A wrong
// current password is forbidden, and counts like one at sign-in: a phone left
// unlocked must not be a place to guess.
func (s *Service) ChangePassword(ctx context.Context, who models.Actor, current, next, address string) (PasswordChange, error) {
	user, err := s.store.User(ctx, who.Program, who.UserID)
	if err != nil {
		return PasswordChange{}, err
	}
	try := s.try(user.Email, address)
	if err := s.mayTry(ctx, try); err != nil {
		return PasswordChange{}, err
	}
	right, err := s.Passwords.Verify(ctx, user.PasswordHash, current)
	if err != nil {
		return PasswordChange{}, err
	}
	wait, err := store.In(ctx, s.store, func(tx *store.Tx) (time.Duration, error) {
		return tx.SettleLogin(try, right)
	})
	switch {
	case err != nil:
		return PasswordChange{}, err
	case wait > 0:
		return PasswordChange{}, tooManyAttempts(wait)
	case !right:
		return PasswordChange{}, models.Forbidden("The current password is not right.")
	}
	hash, err := s.Passwords.Hash(ctx, next)
	return PasswordChange{from: user.PasswordHash, to: hash}, err
}
