package api

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

// device is a device as lists show it.
type device struct {
	ID         string              `json:"id"`
	UserID     string              `json:"user_id"`
	Name       string              `json:"name"`
	Platform   string              `json:"platform"`
	AppVersion string              `json:"app_version"`
	Status     models.DeviceStatus `json:"status"`
	LastSyncAt *string             `json:"last_sync_at"` // null = never
}

func newDevice(d models.Device) device {
	out := device{ID: d.ID, UserID: d.UserID, Name: d.Name, Platform: d.Platform, AppVersion: d.AppVersion, Status: d.Status}
	if !d.LastSyncAt.IsZero() {
		at := models.FormatTime(d.LastSyncAt)
		out.LastSyncAt = &at
	}
	return out
}

// devices lists the caller's devices; an admin's list is the program's.
func (s *Server) devices(c echo.Context) error {
	limit, after, err := newList(c).page(2)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), actorOf(c)
	if err := s.auth.FlushSynced(ctx); err != nil {
		return err
	}
	owner := who.UserID
	if who.Role == models.RoleAdmin {
		owner = ""
	}
	list, err := s.store.Devices(ctx, who.Program, owner, after[0], after[1], limit+1)
	if err != nil {
		return err
	}
	list, next := nextCursor(c, list, limit, func(d models.Device) string { return d.UserID + "/" + d.ID })
	return c.JSON(http.StatusOK, map[string]any{"devices": each(list, newDevice), "next": next})
}

// each turns a list into what is shown of it; never null.
func each[T, U any](list []T, show func(T) U) []U {
	out := make([]U, len(list))
	for i, item := range list {
		out[i] = show(item)
	}
	return out
}

type pushTokenBody struct {
	ofAnyVersion
	Token string `json:"token"`
}

func (b *pushTokenBody) check(f *faults) { f.required("body.token", b.Token, tokenLimit) }

func (s *Server) putPushToken(c echo.Context) error {
	in, err := decode[pushTokenBody](c)
	if err != nil {
		return err
	}
	if err := s.auth.SetPushToken(c.Request().Context(), actorOf(c), in.Token); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) deletePushToken(c echo.Context) error {
	if err := s.auth.SetPushToken(c.Request().Context(), actorOf(c), ""); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

type revokeBody struct {
	Wipe   bool   `json:"wipe"`
	UserID string `json:"user_id"` // an admin may mean one user's sign-in on a shared phone
}

func (b *revokeBody) check(f *faults) {
	if b.UserID != "" {
		f.id("body.user_id", b.UserID)
	}
}

func (s *Server) revokeDevice(c echo.Context) error {
	in, err := decodeOr[revokeBody](c)
	if err != nil {
		return err
	}
	id, err := deviceID(c)
	if err != nil {
		return err
	}
	revoked, err := s.auth.Revoke(c.Request().Context(), actorOf(c), id, in.UserID, in.Wipe)
	if err != nil {
		return err
	}
	about := map[string]any{"user": revoked.UserID, "device": revoked.ID, "wipe": in.Wipe}
	if err := s.engine.Audit(c.Request().Context(), actorOf(c), "device.revoke", about); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newDevice(revoked))
}

// wipedBody may carry the token where a client's Authorization header is not free.
type wipedBody struct {
	ofAnyVersion
	RefreshToken string `json:"refresh_token"`
}

func (b *wipedBody) check(*faults) {}

// deviceWiped takes the confirmation of an erased device, by any token it had.
func (s *Server) deviceWiped(c echo.Context) error {
	in, err := decodeOr[wipedBody](c)
	if err != nil {
		return err
	}
	id, err := deviceID(c)
	if err != nil {
		return err
	}
	if err := s.auth.ConfirmWiped(c.Request().Context(), id, orElse(bearer(c), in.RefreshToken)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// deviceID reads the path's device; one that no device can have is not found.
func deviceID(c echo.Context) (string, error) {
	id, err := c.Param("id"), error(nil)
	if c.Request().URL.RawPath != "" { // Echo matches the escaped path then, and leaves it so
		id, err = url.PathUnescape(id)
	}
	if err != nil || id == "" || utf8.RuneCountInString(id) > deviceIDLimit || !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		return "", models.NotFound()
	}
	return id, nil
}
