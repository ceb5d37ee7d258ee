package contract

import (
	"net/http"
	"sync"
	"testing"

	"pursuit/sim/harness"
)

// refreshScenarios: docs/protocol.md, section 3, refresh and logout.
func refreshScenarios() []scenario {
	return []scenario{
		{"refresh rotates", refreshRotates},
		{"a retry before the successor was used gets the same successor", refreshRetry},
		{"re-use after the successor was used revokes the family", refreshReused},
		{"re-use after 30 s revokes the family", refreshLate},
		{"re-use leaves other devices alone", refreshOthers},
		{"concurrent refreshes get one successor", refreshConcurrent},
		{"a refresh token that never was is unauthorized", refreshUnknown},
		{"logout ends access and refresh of this device alone", logout},
		{"access lives 15 minutes and refresh 90 days from last use", lifetimes},
	}
}

func (p *place) refresh(t *testing.T, token string) (harness.Answer, harness.Tokens) {
	t.Helper()
	answer := call(t, harness.NewClient(p.server.URL, nil), http.MethodPost, "/v1/auth/refresh", map[string]any{"refresh_token": token})
	var tokens harness.Tokens
	if answer.Status == http.StatusOK {
		if err := answer.Decode(&tokens); err != nil {
			t.Fatal(err)
		}
	}
	return answer, tokens
}

func (p *place) me(t *testing.T, token string) harness.Answer {
	t.Helper()
	client := harness.NewClient(p.server.URL, nil)
	client.Token = token
	return call(t, client, http.MethodGet, "/v1/me", nil)
}

func refreshRotates(t *testing.T, at *place) {
	w := at.program(t)
	first := w.user("director", w.OrgID).Tokens
	answer, next := at.refresh(t, first.RefreshToken)
	expect(t, answer, http.StatusOK, "")
	if next.RefreshToken == first.RefreshToken || next.DeviceID != first.DeviceID || next.User != first.User || next.ExpiresIn != 900 || next.TokenType != "Bearer" {
		t.Errorf("refresh answered %+v after %+v", next, first)
	}
	expect(t, at.me(t, next.AccessToken), http.StatusOK, "")
}

func refreshRetry(t *testing.T, at *place) {
	w := at.program(t)
	first := w.user("director", w.OrgID).Tokens
	_, next := at.refresh(t, first.RefreshToken)
	answer, again := at.refresh(t, first.RefreshToken)
	expect(t, answer, http.StatusOK, "")
	if again.RefreshToken != next.RefreshToken {
		t.Error("a retry within 30 s got another successor")
	}
	answer, _ = at.refresh(t, again.RefreshToken)
	expect(t, answer, http.StatusOK, "")
}

func refreshReused(t *testing.T, at *place) {
	w := at.program(t)
	first := w.user("director", w.OrgID).Tokens
	_, second := at.refresh(t, first.RefreshToken)
	_, third := at.refresh(t, second.RefreshToken)
	answer, _ := at.refresh(t, first.RefreshToken)
	expect(t, answer, http.StatusUnauthorized, "refresh_reused")
	for _, token := range []string{second.RefreshToken, third.RefreshToken} {
		if answer, _ := at.refresh(t, token); answer.Status != http.StatusUnauthorized {
			t.Errorf("a token of a revoked family: status %d", answer.Status)
		}
	}
	if answer := at.me(t, third.AccessToken); answer.Status != http.StatusUnauthorized {
		t.Errorf("an access token of a revoked family: status %d", answer.Status)
	}
}

func refreshLate(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	first := w.user("director", w.OrgID).Tokens
	_, second := mine.refresh(t, first.RefreshToken)
	mine.shift(t, "31s")
	answer, _ := mine.refresh(t, first.RefreshToken)
	expect(t, answer, http.StatusUnauthorized, "refresh_reused")
	if answer, _ := mine.refresh(t, second.RefreshToken); answer.Status != http.StatusUnauthorized {
		t.Errorf("the successor of a re-used token: status %d", answer.Status)
	}
}

// shift restarts the place's server with its clock moved by a Go duration.
func (p *place) shift(t *testing.T, offset string) {
	t.Helper()
	p.server.Set("PURSUIT_CLOCK_OFFSET", offset)
	if err := p.server.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := p.server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func refreshOthers(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("director", w.OrgID)
	two := w.second(one)
	_, second := at.refresh(t, one.RefreshToken)
	at.refresh(t, second.RefreshToken)
	at.refresh(t, one.RefreshToken)
	expect(t, at.me(t, two.Token), http.StatusOK, "")
	answer, _ := at.refresh(t, two.RefreshToken)
	expect(t, answer, http.StatusOK, "")
}

func refreshConcurrent(t *testing.T, at *place) {
	w := at.program(t)
	first := w.user("director", w.OrgID).Tokens
	const calls = 6
	got := make([]harness.Tokens, calls)
	var group sync.WaitGroup
	for i := range calls {
		group.Go(func() { _, got[i] = at.refresh(t, first.RefreshToken) })
	}
	group.Wait()
	for i := range calls {
		if got[i].RefreshToken == "" || got[i].RefreshToken != got[0].RefreshToken {
			t.Errorf("refresh %d got successor %q, the first %q", i, got[i].RefreshToken, got[0].RefreshToken)
		}
	}
}

func refreshUnknown(t *testing.T, at *place) {
	for _, token := range []string{"x", harness.NewID(), ""} {
		answer, _ := at.refresh(t, token)
		if answer.Status != http.StatusUnauthorized && !(token == "" && answer.Status == http.StatusUnprocessableEntity) {
			t.Errorf("refresh with %q: status %d", token, answer.Status)
		}
		problem(t, answer)
	}
}

func logout(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("director", w.OrgID)
	two := w.second(one)
	answer := one.call(http.MethodPost, "/v1/auth/logout", nil)
	expect(t, answer, http.StatusNoContent, "")
	expect(t, at.me(t, one.Token), http.StatusUnauthorized, "unauthorized")
	if answer, _ := at.refresh(t, one.RefreshToken); answer.Status != http.StatusUnauthorized {
		t.Errorf("refresh after logout: status %d", answer.Status)
	}
	expect(t, at.me(t, two.Token), http.StatusOK, "")
}

func lifetimes(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	tokens := w.user("director", w.OrgID).Tokens
	mine.shift(t, "14m")
	expect(t, mine.me(t, tokens.AccessToken), http.StatusOK, "")
	mine.shift(t, "16m")
	expect(t, mine.me(t, tokens.AccessToken), http.StatusUnauthorized, "token_expired")
	mine.shift(t, "2136h") // 89 days
	answer, next := mine.refresh(t, tokens.RefreshToken)
	expect(t, answer, http.StatusOK, "")
	mine.shift(t, "4272h") // 89 days later
	answer, last := mine.refresh(t, next.RefreshToken)
	expect(t, answer, http.StatusOK, "")
	mine.shift(t, "6456h") // 91 days later
	answer, _ = mine.refresh(t, last.RefreshToken)
	if answer.Status != http.StatusUnauthorized {
		t.Errorf("a refresh token unused for 91 days: status %d", answer.Status)
	}
	problem(t, answer)
}
