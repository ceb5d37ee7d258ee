package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

const (
	listDefault = 100     // entries of a list when the caller does not say
	listLimit   = 500     // more than this is clamped
	cursorLimit = 8 << 10 // characters: one of a list sorted by codes of 500 characters, each escaped, fits
	cursorTag   = 12      // bytes of a cursor that bind it to its list
)

// newList is newQuery for a list, which takes limit and cursor beside its filters.
func newList(c echo.Context, filters ...string) *query {
	return newQuery(c, slices.Concat(filters, []string{"limit", "cursor"})...)
}

// page reads how many entries the page of a list has and the key that it goes on after,
// of as many parts; all are "" at the start. What else is wrong with the query comes first.
func (q *query) page(parts int) (limit int, after []string, err error) {
	limit = q.limit()
	if err := q.err(); err != nil {
		return 0, nil, err
	}
	place, err := openCursor(q.c)
	if err != nil || place == nil {
		return limit, make([]string, parts), err
	}
	after = strings.SplitN(string(place), "/", parts)
	if len(after) != parts || !models.ValidID(after[0]) || !utf8.Valid(place) || bytes.IndexByte(place, 0) >= 0 {
		return 0, nil, badCursor()
	}
	return limit, after, nil
}

// limit reads how many entries a page is to have.
func (q *query) limit() int {
	text, given := q.given("limit")
	if !given {
		return listDefault
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 {
		q.add("query.limit", fmt.Sprintf("must be a whole number above 0; more than %d is clamped", listLimit))
	}
	return min(limit, listLimit)
}

func badCursor() error {
	return models.E(models.KindBadRequest, "bad_cursor", "The cursor is not one of this list: send the next of the page before, with the same sort and filters, or none.")
}

// sealCursor writes the cursor of a place in the list that a request asks for. It goes on
// in that list alone: of the same call, caller, role, organisation, filters and order, for
// in another one rows would be skipped in silence. No secret is in it, since whatever it
// says, a list is bounded by what its caller may see.
func sealCursor(c echo.Context, place []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(listTag(c, place), place...))
}

// openCursor reads the place of a request's cursor; nil at the start, which is no cursor
// or an empty one. What sealCursor did not write for this very list is bad_cursor.
func openCursor(c echo.Context) ([]byte, error) {
	text := c.QueryParam("cursor")
	if text == "" {
		return nil, nil
	}
	if len(text) > cursorLimit {
		return nil, badCursor()
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) <= cursorTag || base64.RawURLEncoding.EncodeToString(raw) != text { // decoding passes over line ends
		return nil, badCursor()
	}
	if place := raw[cursorTag:]; bytes.Equal(listTag(c, place), raw[:cursorTag]) {
		return place, nil
	}
	return nil, badCursor()
}

func listTag(c echo.Context, place []byte) []byte {
	filters := maps.Clone(c.QueryParams())
	delete(filters, "limit")
	delete(filters, "cursor")
	if filters.Get("format") == formatJSON { // as without it; files have no pages
		delete(filters, "format")
	}
	who, h := actorOf(c), sha256.New()
	for _, part := range []string{c.Path(), who.ProgramID, who.UserID, string(who.Role), who.OrgID, url.Values(filters).Encode(), string(place)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)[:cursorTag]
}

// nextCursor cuts what was read beyond the limit and tells where to go on, or nil
// at the end.
func nextCursor[T any](c echo.Context, list []T, limit int, key func(T) string) ([]T, *string) {
	if len(list) <= limit {
		return list, nil
	}
	list = list[:limit]
	next := sealCursor(c, []byte(key(list[limit-1])))
	return list, &next
}
