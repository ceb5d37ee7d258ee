package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"pursuit/api/auth"
	"pursuit/models"
)

// profile is a user as they see themselves.
type profile struct {
	ID        string      `json:"id"`
	Name      string      `json:"name"`
	Email     string      `json:"email"`
	Role      models.Role `json:"role"`
	OrgID     string      `json:"org_id"`
	ProgramID string      `json:"program_id"`
	Locale    string      `json:"locale"`
	TimeZone  string      `json:"time_zone"` // the program's, unless they chose their own
}

type quietHours struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// ownProfile is the answer of /v1/me; quiet_hours is null while the program's hold.
type ownProfile struct {
	profile
	QuietHours *quietHours `json:"quiet_hours"`
}

func newProfile(u models.User, p models.Program) profile {
	return profile{ID: u.ID, Name: u.Name, Email: u.Email, Role: u.Role, OrgID: u.OrgID, ProgramID: p.ID,
		Locale: orElse(u.Locale, "en"), TimeZone: orElse(u.TimeZone, p.TimeZone)}
}

func newQuietHours(u models.User) *quietHours {
	if u.QuietStart == "" || u.QuietEnd == "" {
		return nil
	}
	return &quietHours{Start: u.QuietStart, End: u.QuietEnd}
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (s *Server) profileOf(ctx context.Context, who models.Actor) (profile, error) {
	user, err := s.store.User(ctx, who.Program, who.UserID)
	if err != nil {
		return profile{}, err
	}
	program, err := s.store.Program(ctx, who.Program)
	return newProfile(user, program), err
}

func (s *Server) me(c echo.Context) error {
	who := actorOf(c)
	user, err := s.store.User(c.Request().Context(), who.Program, who.UserID)
	if err != nil {
		return err
	}
	return answerMe(c, who, user)
}

func answerMe(c echo.Context, who models.Actor, user models.User) error {
	program := models.Program{ID: who.ProgramID, TimeZone: who.TimeZone}
	return c.JSON(http.StatusOK, ownProfile{newProfile(user, program), newQuietHours(user)})
}

type meBody struct {
	Name            *string           `json:"name"`
	Locale          *string           `json:"locale"`
	TimeZone        *string           `json:"time_zone"`
	QuietHours      given[quietHours] `json:"quiet_hours"` // null: the program's again
	CurrentPassword *string           `json:"current_password"`
	NewPassword     *string           `json:"new_password"`
}

func (b *meBody) wanted(member string) string {
	if member == "quiet_hours" {
		return `must be {"start": "20:00", "end": "08:00"}, or null for the program's`
	}
	return ""
}

func (b *meBody) check(f *faults) {
	if b.Name != nil {
		f.name("body.name", *b.Name)
	}
	if b.Locale != nil {
		f.locale("body.locale", *b.Locale)
	}
	if b.TimeZone != nil {
		f.timeZone("body.time_zone", *b.TimeZone)
	}
	if h := b.QuietHours.value; h != nil {
		f.hour("body.quiet_hours.start", h.Start)
		f.hour("body.quiet_hours.end", h.End)
	}
	if b.NewPassword != nil {
		f.password("body.new_password", *b.NewPassword)
		if b.CurrentPassword == nil {
			f.add("body.current_password", "is required")
		}
	}
}

func (b *meBody) apply(u *models.User) {
	set(&u.Name, b.Name)
	set(&u.Locale, b.Locale)
	set(&u.TimeZone, b.TimeZone)
	if h := b.QuietHours.value; h != nil {
		u.QuietStart, u.QuietEnd = h.Start, h.End
	} else if b.QuietHours.sent {
		u.QuietStart, u.QuietEnd = "", ""
	}
}

// set changes a field if the request named it.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func (s *Server) patchMe(c echo.Context) error {
	in, err := decode[meBody](c)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), actorOf(c)
	change, err := s.newPassword(ctx, who, in, c.RealIP())
	if err != nil {
		return err
	}
	user, err := s.accounts.UpdateUser(ctx, who, who.UserID, func(u *models.User) error {
		in.apply(u)
		return change.Apply(u)
	})
	if err != nil {
		return err
	}
	if in.NewPassword != nil {
		if err := s.auth.EndOtherSessions(ctx, who.Program, who.UserID, who.DeviceID); err != nil {
			return err
		}
	}
	return answerMe(c, who, user)
}

func (s *Server) newPassword(ctx context.Context, who models.Actor, in meBody, address string) (auth.PasswordChange, error) {
	if in.NewPassword == nil {
		return auth.PasswordChange{}, nil
	}
	return s.auth.ChangePassword(ctx, who, *in.CurrentPassword, *in.NewPassword, address)
}
