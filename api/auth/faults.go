package auth

import (
	"math"
	"time"

	"pursuit/models"
)

func unauthorized() error {
	return models.E(models.KindUnauthorized, "unauthorized", "Sign in first.")
}

func tokenExpired() error {
	return models.E(models.KindUnauthorized, "token_expired", "The token has expired; refresh it or sign in.")
}

func refreshReused() error {
	return models.E(models.KindUnauthorized, "refresh_reused", "This refresh token was used before; sign in again.")
}

func invalidCredentials() error {
	return models.E(models.KindUnauthorized, "invalid_credentials", "E-mail address or password are not right.")
}

func tooManyAttempts(wait time.Duration) error {
	e := models.E(models.KindTooMany, "too_many_attempts", "Too many wrong passwords; try again later.")
	e.RetryAfter = int(math.Ceil(wait.Seconds()))
	return e
}

// deviceAllows tells what a device that is not active must be told.
func deviceAllows(status models.DeviceStatus) error {
	switch status {
	case models.DeviceActive:
		return nil
	case models.DeviceWipePending:
		return models.E(models.KindForbidden, "device_wipe", "Erase this device's store and confirm it.")
	}
	return models.E(models.KindForbidden, "device_revoked", "This device was signed out for good.")
}

// unknownSession turns not_found into unauthorized: the token is genuine, but its
// session is gone.
func unknownSession(err error) error {
	if e := models.AsError(err); e != nil && e.Kind == models.KindNotFound {
		return unauthorized()
	}
	return err
}
