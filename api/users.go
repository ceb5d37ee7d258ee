package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

// account is a user as an admin sees them.
type account struct {
	profile
	QuietHours *quietHours `json:"quiet_hours"`
	Active     bool        `json:"active"`
	CreatedAt  string      `json:"created_at"`
	UpdatedAt  string      `json:"updated_at"`
}

// newAccount shows a user of the caller's own program.
func newAccount(who models.Actor, u models.User) account {
	program := models.Program{ID: who.ProgramID, TimeZone: who.TimeZone}
	return account{profile: newProfile(u, program), QuietHours: newQuietHours(u), Active: u.Active,
		CreatedAt: models.FormatTime(u.CreatedAt), UpdatedAt: models.FormatTime(u.UpdatedAt)}
}

func (s *Server) users(c echo.Context) error {
	limit, after, err := newList(c).page(1)
	if err != nil {
		return err
	}
	who := actorOf(c)
	list, err := s.store.Users(c.Request().Context(), who.Program, after[0], limit+1)
	if err != nil {
		return err
	}
	list, next := nextCursor(c, list, limit, func(u models.User) string { return u.ID })
	show := func(u models.User) account { return newAccount(who, u) }
	return c.JSON(http.StatusOK, map[string]any{"users": each(list, show), "next": next})
}

type userBody struct {
	Email    string      `json:"email"`
	Name     string      `json:"name"`
	Password string      `json:"password"`
	Role     models.Role `json:"role"`
	OrgID    string      `json:"org_id"`
	Locale   string      `json:"locale"`
	TimeZone string      `json:"time_zone"`
}

func (b *userBody) check(f *faults) {
	f.email("body.email", b.Email)
	f.name("body.name", b.Name)
	f.password("body.password", b.Password)
	f.role("body.role", b.Role)
	f.id("body.org_id", b.OrgID)
	f.locale("body.locale", b.Locale)
	f.timeZone("body.time_zone", b.TimeZone)
}

func (s *Server) createUser(c echo.Context) error {
	in, err := decode[userBody](c)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), actorOf(c)
	if err := s.knownOrg(ctx, who, in.OrgID); err != nil {
		return err
	}
	hash, err := s.auth.Passwords.Hash(ctx, in.Password)
	if err != nil {
		return err
	}
	user, err := s.accounts.CreateUser(ctx, who, models.User{Program: who.Program, ID: models.NewID(), OrgID: in.OrgID,
		Email: strings.TrimSpace(in.Email), Name: in.Name, Role: in.Role, PasswordHash: hash, Locale: orElse(in.Locale, "en"),
		TimeZone: in.TimeZone, Active: true})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newAccount(who, user))
}

// knownOrg wants an organisation of the caller's program.
func (s *Server) knownOrg(ctx context.Context, who models.Actor, id string) error {
	_, err := s.store.Org(ctx, who.Program, id)
	if e := models.AsError(err); e != nil && e.Kind == models.KindNotFound {
		return models.Invalid("body.org_id", "is not an organisation of this program")
	}
	return err
}

type userPatch struct {
	Email    *string      `json:"email"`
	Name     *string      `json:"name"`
	Password *string      `json:"password"`
	Role     *models.Role `json:"role"`
	OrgID    *string      `json:"org_id"`
	Locale   *string      `json:"locale"`
	TimeZone *string      `json:"time_zone"`
	Active   *bool        `json:"active"`
}

func (b *userPatch) check(f *faults) {
	checked(b.Email, func(v string) { f.email("body.email", v) })
	checked(b.Name, func(v string) { f.name("body.name", v) })
	checked(b.Password, func(v string) { f.password("body.password", v) })
	checked(b.Role, func(v models.Role) { f.role("body.role", v) })
	checked(b.OrgID, func(v string) { f.id("body.org_id", v) })
	checked(b.Locale, func(v string) { f.locale("body.locale", v) })
	checked(b.TimeZone, func(v string) { f.timeZone("body.time_zone", v) })
}

// checked looks at a value that the request named.
func checked[T any](value *T, look func(T)) {
	if value != nil {
		look(*value)
	}
}

func (b *userPatch) apply(u *models.User, hash string) {
	if b.Email != nil {
		u.Email = strings.TrimSpace(*b.Email)
	}
	set(&u.Name, b.Name)
	set(&u.Role, b.Role)
	set(&u.OrgID, b.OrgID)
	set(&u.Locale, b.Locale)
	set(&u.TimeZone, b.TimeZone)
	set(&u.Active, b.Active)
	if hash != "" {
		u.PasswordHash = hash
	}
}

// locksOut tells whether an admin is about to take their own office away: a
// program without an admin cannot mend itself.
func (b *userPatch) locksOut() bool {
	return (b.Active != nil && !*b.Active) || (b.Role != nil && *b.Role != models.RoleAdmin)
}

func (s *Server) patchUser(c echo.Context) error {
	in, err := decode[userPatch](c)
	if err != nil {
		return err
	}
	ctx, who, id := c.Request().Context(), actorOf(c), c.Param("id")
	if id == who.UserID && in.locksOut() {
		return models.E(models.KindConflict, "conflict", "Another admin must do this.")
	}
	if in.OrgID != nil {
		if err := s.knownOrg(ctx, who, *in.OrgID); err != nil {
			return err
		}
	}
	user, err := s.changeUser(ctx, who, id, in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newAccount(who, user))
}

// changeUser applies a patch; a new password set by an admin ends the user's sessions.
func (s *Server) changeUser(ctx context.Context, who models.Actor, id string, in userPatch) (user models.User, err error) {
	var hash string
	if in.Password != nil {
		if hash, err = s.auth.Passwords.Hash(ctx, *in.Password); err != nil {
			return user, err
		}
	}
	user, err = s.accounts.UpdateUser(ctx, who, id, func(u *models.User) error {
		in.apply(u, hash)
		return nil
	})
	if err == nil && hash != "" && id != who.UserID {
		err = s.auth.EndOtherSessions(ctx, who.Program, id, "")
	}
	return user, err
}
