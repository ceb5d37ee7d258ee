package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	wrongLimit     = 5                // wrong passwords for one account and address …
	wrongWindow    = 15 * time.Minute // … within this time, docs/protocol.md section 3
	deviceSessions = 8                // sign-ins that live on one device at a time; older ones end
)

// Login is a try to sign in.
type Login struct {
	Email    string
	Password string
	Device   models.Device // ID, Name, Platform, AppVersion; without ID it gets one
	Address  string        // the client's IP address
}

// Tokens is what a sign-in or a refresh gives.
type Tokens struct {
	Access    string
	ExpiresIn time.Duration
	Refresh   string
	DeviceID  string
	Actor     models.Actor
}

// Login signs a device in. Wrong password, unknown account and inactive user are
// one answer after the same work; after wrongLimit wrong tries every try is
// too_many_attempts until the oldest is wrongWindow ago. A right try forgets the
// wrong ones before it.
func (s *Service) Login(ctx context.Context, in Login) (Tokens, error) {
	try := s.try(in.Email, in.Address)
	if err := s.mayTry(ctx, try); err != nil {
		return Tokens{}, err
	}
	user, err := s.store.UserByEmail(ctx, in.Email)
	if e := models.AsError(err); err != nil && (e == nil || e.Kind != models.KindNotFound) {
		return Tokens{}, err
	}
	right, err := s.Passwords.Verify(ctx, user.PasswordHash, in.Password)
	if err != nil {
		return Tokens{}, err
	}
	session, err := s.settle(ctx, try, user, right, in.Device)
	if err != nil {
		return Tokens{}, err
	}
	return s.tokens(ctx, session)
}

// settle records how the try ended and, if it was right, begins the session.
func (s *Service) settle(ctx context.Context, try store.LoginTry, user models.User, right bool, device models.Device) (models.Session, error) {
	var session models.Session
	var refused error // kept apart from errors: what was recorded must be committed
	err := store.InTx(ctx, s.store, func(tx *store.Tx) error {
		refused = nil
		if right { // the user may have changed while the password was checked
			fresh, err := tx.User(user.Program, user.ID)
			if err != nil {
				return err
			}
			right = fresh.Active && fresh.PasswordHash == user.PasswordHash
		}
		wait, err := tx.SettleLogin(try, right)
		switch {
		case err != nil:
			return err
		case wait > 0:
			refused = tooManyAttempts(wait)
			return nil
		case !right:
			refused = invalidCredentials()
			return nil
		}
		session, refused, err = begin(tx, user, device)
		return err
	})
	if err != nil {
		return session, err
	}
	return session, refused
}

// begin starts a session of a user on a device, unless the device may not.
func begin(tx *store.Tx, user models.User, device models.Device) (session models.Session, refused, err error) {
	device.Program, device.UserID = user.Program, user.ID
	if device.ID == "" {
		device.ID = models.NewID()
	}
	known, err := tx.Device(user.Program, user.ID, device.ID)
	if e := models.AsError(err); err != nil && (e == nil || e.Kind != models.KindNotFound) {
		return session, nil, err
	}
	if err == nil {
		if refused := deviceAllows(known.Status); refused != nil {
			return session, refused, nil
		}
	}
	if err := tx.PutDevice(device); err != nil {
		return session, nil, err
	}
	session = models.Session{Program: user.Program, ID: models.NewID(), UserID: user.ID, DeviceID: device.ID, Generation: 1}
	if err := tx.InsertSession(session); err != nil {
		return session, nil, err
	}
	return session, nil, tx.TrimSessions(user.Program, user.ID, device.ID, deviceSessions)
}

func (s *Service) try(email, address string) store.LoginTry {
	return store.LoginTry{Key: s.loginKey(email, address), Limit: wrongLimit, Window: wrongWindow}
}

// mayTry spares the hashing while an account and address must wait.
func (s *Service) mayTry(ctx context.Context, try store.LoginTry) error {
	wait, err := s.store.LoginWait(ctx, try)
	if err == nil && wait > 0 {
		err = tooManyAttempts(wait)
	}
	return err
}

// loginKey names an account and an address without telling either. An IPv6
// address counts with its network, of which one subscriber has all addresses.
func (s *Service) loginKey(email, address string) []byte {
	if ip, err := netip.ParseAddr(address); err == nil {
		ip = ip.Unmap().WithZone("")
		if ip.Is6() {
			network, _ := ip.Prefix(64) // 64 is within 128
			ip = network.Masked().Addr()
		}
		address = ip.String()
	}
	mac := hmac.New(sha256.New, s.loginSecret)
	mac.Write([]byte(store.EmailKey(email) + "\x00" + address))
	return mac.Sum(nil)
}
