package harness

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Protocol and Schema are what the harness speaks.
const (
	Protocol = 1
	Schema   = 1
)

// User is a profile as sign-in answers it.
type User struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	Role      string `json:"role"`
	OrgID     string `json:"org_id"`
	ProgramID string `json:"program_id"`
	Locale    string `json:"locale"`
	TimeZone  string `json:"time_zone"`
}

// Tokens is the answer of login and refresh.
type Tokens struct {
	AccessToken  string  `json:"access_token"`
	TokenType    string  `json:"token_type"`
	ExpiresIn    float64 `json:"expires_in"`
	RefreshToken string  `json:"refresh_token"`
	DeviceID     string  `json:"device_id"`
	User         User    `json:"user"`
}

// Session is one device of one user, signed in.
type Session struct {
	*Client
	Tokens
	Password string
	// Skew is how far the device's clock stands off the true time.
	Skew time.Duration
}

// LoginBody is the body of a sign-in from a device.
func LoginBody(email, password, device string) map[string]any {
	return map[string]any{"email": email, "password": password, "device": map[string]any{
		"id": device, "name": "phone", "platform": "android", "app_version": "1.0.0"}}
}

// Login signs a new device in.
func Login(ctx context.Context, base string, shared *http.Client, email, password string) (*Session, error) {
	session := &Session{Client: NewClient(base, shared), Password: password}
	answer, err := session.JSON(ctx, http.MethodPost, "/v1/auth/login", LoginBody(email, password, NewID()))
	if err != nil {
		return nil, err
	}
	return session, session.take(answer)
}

// Refresh trades the refresh token for the next one.
func (s *Session) Refresh(ctx context.Context) error {
	answer, err := NewClient(s.Base, s.HTTP).JSON(ctx, http.MethodPost, "/v1/auth/refresh",
		map[string]any{"refresh_token": s.RefreshToken})
	if err != nil {
		return err
	}
	return s.take(answer)
}

func (s *Session) take(answer Answer) error {
	if answer.Status != http.StatusOK {
		return fmt.Errorf("sign in: status %d: %.300s", answer.Status, answer.Body)
	}
	s.Tokens = Tokens{}
	if err := answer.Decode(&s.Tokens); err != nil {
		return err
	}
	s.Token = s.AccessToken
	return nil
}

// Now is the time on the device's clock.
func (s *Session) Now() time.Time { return time.Now().Add(s.Skew) }

// Request makes a sync request with the device's clock.
func (s *Session) Request(push []Mutation, pull *Pull) SyncRequest {
	return SyncRequest{Protocol: Protocol, Schema: Schema, DeviceTime: At(s.Now()), Push: push, Pull: pull}
}

// Refusal is an answer other than the one asked for.
type Refusal struct {
	Status     int
	Code, Body string
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("refused with status %d, code %q: %.500s", r.Status, r.Code, r.Body)
}

// Sync sends a request and decodes the page; an answer other than 200 is
// a *Refusal.
func (s *Session) Sync(ctx context.Context, request SyncRequest) (Page, error) {
	answer, err := s.JSON(ctx, http.MethodPost, "/v1/sync", request)
	if err != nil {
		return Page{}, err
	}
	if answer.Status != http.StatusOK {
		return Page{}, &Refusal{Status: answer.Status, Code: answer.Code(), Body: string(answer.Body)}
	}
	var page Page
	return page, answer.Decode(&page)
}
