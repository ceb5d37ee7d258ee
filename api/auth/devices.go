package auth

import (
	"context"

	"pursuit/models"
	"pursuit/models/store"
)

// Revoke shuts a device out for good, with wipe also ordering it to erase its
// store. Its owner may, and an admin of the program, for whom the id means that
// phone whoever signed in on it, or only userID's sign-in when that is given. An
// order to wipe is never taken back. What is not theirs is not_found.
func (s *Service) Revoke(ctx context.Context, who models.Actor, deviceID, userID string, wipe bool) (models.Device, error) {
	if who.Role != models.RoleAdmin {
		if userID != "" && userID != who.UserID {
			return models.Device{}, models.NotFound()
		}
		userID = who.UserID
	}
	return store.In(ctx, s.store, func(tx *store.Tx) (models.Device, error) {
		var last models.Device
		list, err := tx.DevicesNamed(who.Program, deviceID)
		if err != nil {
			return last, err
		}
		for _, device := range list {
			if userID != "" && device.UserID != userID {
				continue
			}
			if next := revoked(device.Status, wipe); next != device.Status {
				if err := tx.SetDeviceStatus(device, next); err != nil {
					return last, err
				}
				device.Status, device.PushToken = next, ""
			}
			last = device
		}
		if last.ID == "" {
			return last, models.NotFound()
		}
		return last, nil
	})
}

func revoked(status models.DeviceStatus, wipe bool) models.DeviceStatus {
	switch {
	case status == models.DeviceWiped, status == models.DeviceWipePending:
		return status
	case wipe:
		return models.DeviceWipePending
	}
	return models.DeviceRevoked
}

// ConfirmWiped takes a device's word that its store is erased. token may be any
// access or refresh token the device ever had, expired and spent ones included.
// Confirming again changes nothing.
func (s *Service) ConfirmWiped(ctx context.Context, deviceID, token string) error {
	key, ok := s.anyToken(ctx, token)
	if !ok {
		return unauthorized()
	}
	return store.InTx(ctx, s.store, func(tx *store.Tx) error {
		state, err := tx.HoldSession(key.program, key.session)
		if err != nil {
			return unknownSession(err)
		}
		switch {
		case state.DeviceID != deviceID:
			return models.NotFound()
		case state.Device == models.DeviceWiped:
			return nil
		case state.Device == models.DeviceWipePending:
			device := models.Device{Program: state.Program, UserID: state.UserID, ID: deviceID}
			return tx.SetDeviceStatus(device, models.DeviceWiped)
		case state.Device == models.DeviceRevoked:
			return deviceAllows(state.Device)
		}
		return models.E(models.KindConflict, "conflict", "Nobody ordered this device to erase its store.")
	})
}

func (s *Service) anyToken(ctx context.Context, token string) (stateKey, bool) {
	if t, ok := parseRefresh(s.refreshKey, token); ok {
		return stateKey{t.program, t.session}, true
	}
	g, ok := s.access.read(ctx, token)
	return stateKey{g.program, g.session}, ok
}

// SetPushToken gives the caller's device its push token; "" takes it away.
func (s *Service) SetPushToken(ctx context.Context, who models.Actor, token string) error {
	return store.InTx(ctx, s.store, func(tx *store.Tx) error {
		return tx.SetPushToken(who.Program, who.UserID, who.DeviceID, token)
	})
}

// Logout ends every session of the caller's device and takes its push token away.
func (s *Service) Logout(ctx context.Context, who models.Actor) error {
	return store.InTx(ctx, s.store, func(tx *store.Tx) error {
		if err := tx.SetPushToken(who.Program, who.UserID, who.DeviceID, ""); err != nil {
			return err
		}
		scope := store.SessionScope{Program: who.Program, UserID: who.UserID, Device: who.DeviceID}
		return tx.EndSessions(scope, models.EndLogout)
	})
}

// EndOtherSessions ends a user's sessions because of a new password, but for those
// on one device ("" spares none).
func (s *Service) EndOtherSessions(ctx context.Context, program int32, userID, spared string) error {
	return store.InTx(ctx, s.store, func(tx *store.Tx) error {
		scope := store.SessionScope{Program: program, UserID: userID, NotOnDev: spared}
		return tx.EndSessions(scope, models.EndPassword)
	})
}
