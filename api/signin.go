package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pursuit/api/auth"
	"pursuit/models"
)

type loginBody struct {
	ofAnyVersion
	Email    string     `json:"email"`
	Password string     `json:"password"`
	Device   deviceBody `json:"device"`
}

type deviceBody struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Platform   string `json:"platform"`
	AppVersion string `json:"app_version"`
}

func (b *loginBody) check(f *faults) {
	f.email("body.email", b.Email)
	if b.Password == "" {
		f.add("body.password", "is required")
	}
	f.text("body.device.id", b.Device.ID, deviceIDLimit)
	f.text("body.device.name", b.Device.Name, textLimit)
	f.text("body.device.platform", b.Device.Platform, textLimit)
	f.text("body.device.app_version", b.Device.AppVersion, textLimit)
}

// tokenAnswer is the answer of a sign-in and of a refresh.
type tokenAnswer struct {
	AccessToken  string  `json:"access_token"`
	TokenType    string  `json:"token_type"`
	ExpiresIn    int     `json:"expires_in"` // seconds
	RefreshToken string  `json:"refresh_token"`
	DeviceID     string  `json:"device_id"`
	User         profile `json:"user"`
}

func (s *Server) login(c echo.Context) error {
	in, err := decode[loginBody](c)
	if err != nil {
		return err
	}
	tokens, err := s.auth.Login(c.Request().Context(), auth.Login{Email: in.Email, Password: in.Password, Address: c.RealIP(),
		Device: models.Device{ID: in.Device.ID, Name: in.Device.Name, Platform: in.Device.Platform, AppVersion: in.Device.AppVersion}})
	if err != nil {
		return err
	}
	return s.answerTokens(c, tokens)
}

type refreshBody struct {
	ofAnyVersion
	RefreshToken string `json:"refresh_token"`
	DeviceID     string `json:"device_id"`
}

func (b *refreshBody) check(f *faults) { f.required("body.refresh_token", b.RefreshToken, tokenLimit) }

func (s *Server) refresh(c echo.Context) error {
	in, err := decode[refreshBody](c)
	if err != nil {
		return err
	}
	tokens, err := s.auth.Refresh(c.Request().Context(), in.RefreshToken, in.DeviceID)
	if err != nil {
		return err
	}
	return s.answerTokens(c, tokens)
}

func (s *Server) answerTokens(c echo.Context, t auth.Tokens) error {
	user, err := s.profileOf(c.Request().Context(), t.Actor)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, tokenAnswer{AccessToken: t.Access, TokenType: "Bearer", ExpiresIn: int(t.ExpiresIn.Seconds()),
		RefreshToken: t.Refresh, DeviceID: t.DeviceID, User: user})
}

func (s *Server) logout(c echo.Context) error {
	if err := s.auth.Logout(c.Request().Context(), actorOf(c)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
