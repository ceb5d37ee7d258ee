package contract

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// cursorScenarios: docs/protocol.md, section 4, cursors.
func cursorScenarios() []scenario {
	return []scenario{
		{"another user's and another program's cursor are refused", foreignCursor},
		{"every altered cursor is refused", alteredCursor},
		{"nonsense is refused", nonsenseCursor},
		{"an old cursor answers again what came after it", oldCursor},
		{"a cursor outlives a restart and serves every device of the user", cursorLives},
		{"digests refuse a bad cursor", digestCursor},
	}
}

func (p *phone) cursor(cursor string) harness.Answer {
	p.town.t.Helper()
	return p.call(http.MethodPost, "/v1/sync", p.Request(nil, &harness.Pull{Cursor: &cursor}))
}

func foreignCursor(t *testing.T, at *place) {
	w, other := at.program(t), at.program(t)
	one, colleague, foreign := w.user("outreach_worker", w.OrgID), w.user("outreach_worker", w.OrgID), other.user("outreach_worker", other.OrgID)
	one.pull()
	expect(t, colleague.cursor(*one.Cursor), http.StatusBadRequest, "bad_cursor")
	expect(t, foreign.cursor(*one.Cursor), http.StatusBadRequest, "bad_cursor")
	expect(t, one.cursor(*one.Cursor), http.StatusOK, "")
}

func alteredCursor(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	one.pull()
	good := *one.Cursor
	for i := range good {
		flipped := []byte(good)
		flipped[i] = 'A'
		if good[i] == 'A' {
			flipped[i] = 'Q'
		}
		// The last character of base64 may carry bits that mean nothing.
		if answer := one.cursor(string(flipped)); answer.Status != http.StatusBadRequest && i < len(good)-1 {
			t.Fatalf("a cursor altered at %d of %d: status %d", i, len(good), answer.Status)
		}
	}
	for _, cursor := range []string{good + "A", good[1:], good[:len(good)-3], good + good, strings.ToUpper(good)} {
		expect(t, one.cursor(cursor), http.StatusBadRequest, "bad_cursor")
	}
}

func nonsenseCursor(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	for _, cursor := range []string{"", " ", "0", "null", "../../etc/passwd", "'; drop table rows; --", "\x00\x01", "ÄÖÜ", strings.Repeat("A", 100000),
		base64.RawURLEncoding.EncodeToString([]byte(`{"seq":9999999999}`)), base64.StdEncoding.EncodeToString(make([]byte, 64))} {
		answer := one.cursor(cursor)
		expect(t, answer, http.StatusBadRequest, "bad_cursor")
	}
	answer, err := one.Raw(w.ctx, http.MethodPost, "/v1/sync", []byte(`{"protocol":1,"schema":1,"pull":{"cursor":17}}`), map[string]string{"Content-Type": "application/json"})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != http.StatusBadRequest && answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("a number for a cursor: status %d", answer.Status)
	}
	one.pull()
}

func oldCursor(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	crew.manager.pull()
	old := *crew.manager.Cursor
	ids := crew.manager.flock(10)
	crew.manager.pull()
	for range 2 {
		crew.manager.Cursor = &old
		pages := crew.manager.pull()
		if len(pages[0].Changes["people"].Upsert) != len(ids) {
			t.Errorf("an old cursor brought %d people, want %d", len(pages[0].Changes["people"].Upsert), len(ids))
		}
	}
}

func cursorLives(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	crew := w.crew()
	crew.manager.flock(5)
	crew.manager.pull()
	if err := mine.server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := mine.server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh := harness.Insert("people", map[string]any{"code": "New"})
	crew.manager.applied(fresh)
	for _, page := range crew.manager.pull() {
		if page.Rows() != 1 {
			t.Errorf("after a restart the stream brought %d rows, want the new one", page.Rows())
		}
	}
	tablet := w.second(crew.manager)
	tablet.Cursor = crew.manager.Cursor
	for _, page := range tablet.pull() {
		if page.Rows() != 0 {
			t.Errorf("the user's cursor on another device brought %d rows", page.Rows())
		}
	}
}

func digestCursor(t *testing.T, at *place) {
	w := at.program(t)
	one, other := w.user("outreach_worker", w.OrgID), w.user("outreach_worker", w.OrgID)
	other.pull()
	for _, cursor := range []string{"abc", *other.Cursor} {
		expect(t, one.call(http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": cursor}), http.StatusBadRequest, "bad_cursor")
	}
}
