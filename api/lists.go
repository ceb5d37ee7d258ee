package api

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

const (
	listDefault = 100 // entries of a list when the caller does not say
	listLimit   = 500 // more than this is clamped
	cursorLimit = 1024
)

// page reads the query's limit and cursor. after is where the cursor stands, with
// as many parts as the list's key; all are "" at the start.
func page(c echo.Context, parts int) (limit int, after []string, err error) {
	if limit, err = pageLimit(c); err != nil {
		return 0, nil, err
	}
	after = make([]string, parts)
	if text := c.QueryParam("cursor"); text != "" {
		if after, err = readCursor(text, parts); err != nil {
			return 0, nil, err
		}
	}
	return limit, after, nil
}

// pageLimit reads how many entries a page is to have.
func pageLimit(c echo.Context) (int, error) {
	text := c.QueryParam("limit")
	if text == "" {
		return listDefault, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 {
		return 0, models.Invalid("query.limit", "must be a whole number above 0")
	}
	return min(limit, listLimit), nil
}

func badCursor() error {
	return models.E(models.KindBadRequest, "bad_cursor", "The cursor is not one of this list: send the next of the page before, with the same sort and filters, or none.")
}

// readCursor reads a list cursor: the key of the last entry shown, the first part
// an id. It needs no MAC, for every list is bounded by what its caller may see.
func readCursor(text string, parts int) ([]string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(text) > cursorLimit || !utf8.Valid(raw) {
		return nil, badCursor()
	}
	after := strings.SplitN(string(raw), "/", parts)
	if len(after) != parts || !models.ValidID(after[0]) || strings.ContainsRune(string(raw), 0) {
		return nil, badCursor()
	}
	return after, nil
}

// nextCursor cuts what was read beyond the limit and tells where to go on, or nil
// at the end.
func nextCursor[T any](list []T, limit int, key func(T) string) ([]T, *string) {
	if len(list) <= limit {
		return list, nil
	}
	list = list[:limit]
	next := base64.RawURLEncoding.EncodeToString([]byte(key(list[limit-1])))
	return list, &next
}
