package contract

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pursuit/sim/harness"
)

// signinScenarios: docs/protocol.md, section 3, login, lock-out and keys.
func signinScenarios() []scenario {
	return []scenario{
		{"login answers tokens and the profile", loginShape},
		{"an e-mail is one without regard to case", emailCase},
		{"a wrong password and an unknown account are answered alike", wrongAlike},
		{"the sixth try is 429 right or wrong", lockOut},
		{"a lock-out is of one account and one address", lockOutScope},
		{"the time of an answer does not tell whether the account exists", loginTime},
		{"access tokens verify against the published keys", keysVerify},
		{"tampered tokens are refused", tampered},
	}
}

func (p *place) login(t *testing.T, email, password string) harness.Answer {
	t.Helper()
	return call(t, harness.NewClient(p.server.URL, nil), http.MethodPost, "/v1/auth/login", harness.LoginBody(email, password, harness.NewID()))
}

func loginShape(t *testing.T, at *place) {
	w := at.program(t)
	org := w.org("service_provider")
	worker := w.user("outreach_worker", org)
	device := harness.NewID()
	answer := call(t, harness.NewClient(at.server.URL, nil), http.MethodPost, "/v1/auth/login",
		harness.LoginBody(worker.Tokens.User.Email, harness.Password, device))
	expect(t, answer, http.StatusOK, "")
	var got harness.Tokens
	if err := answer.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.TokenType != "Bearer" || got.ExpiresIn != 900 || got.AccessToken == "" || got.RefreshToken == "" || got.DeviceID != device {
		t.Errorf("tokens %+v, want Bearer for 900 s for device %s", got, device)
	}
	user := got.User
	if user.Role != "outreach_worker" || user.OrgID != org || user.ProgramID != w.ID || user.ID == "" || user.Name == "" || user.Locale == "" || user.TimeZone == "" {
		t.Errorf("profile %+v", user)
	}
}

func emailCase(t *testing.T, at *place) {
	w, other := at.program(t), at.program(t)
	email := w.user("outreach_worker", w.OrgID).Tokens.User.Email
	expect(t, at.login(t, strings.ToUpper(email), harness.Password), http.StatusOK, "")
	for _, program := range []*town{w, other} {
		answer := call(t, program.Admin.Client, http.MethodPost, "/v1/users", map[string]any{"email": strings.ToUpper(email), "name": "Twin",
			"password": harness.Password, "role": "outreach_worker", "org_id": program.OrgID})
		expect(t, answer, http.StatusConflict, "conflict")
	}
}

func wrongAlike(t *testing.T, at *place) {
	w := at.program(t)
	wrong := at.login(t, w.user("director", w.OrgID).Tokens.User.Email, "not this one at all")
	unknown := at.login(t, w.Email(), "not this one at all")
	expect(t, wrong, http.StatusUnauthorized, "invalid_credentials")
	if !bytes.Equal(wrong.Body, unknown.Body) || unknown.Status != wrong.Status {
		t.Errorf("wrong password: %s, unknown account: %s", wrong.Body, unknown.Body)
	}
}

func lockOut(t *testing.T, at *place) {
	w := at.program(t)
	for _, email := range []string{w.user("director", w.OrgID).Tokens.User.Email, w.Email()} {
		for range 5 {
			expect(t, at.login(t, email, "wrong password here"), http.StatusUnauthorized, "invalid_credentials")
		}
		for _, password := range []string{"wrong password here", harness.Password} {
			answer := at.login(t, email, password)
			expect(t, answer, http.StatusTooManyRequests, "too_many_attempts")
			if answer.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
		}
	}
}

func lockOutScope(t *testing.T, at *place) {
	w := at.program(t)
	locked, other := w.user("director", w.OrgID), w.user("director", w.OrgID)
	for range 6 {
		at.login(t, locked.Tokens.User.Email, "wrong password here")
	}
	expect(t, at.login(t, other.Tokens.User.Email, harness.Password), http.StatusOK, "")
	elsewhere := harness.NewClient(at.server.URL, harness.NewHTTP("127.0.0.2"))
	body := harness.LoginBody(locked.Tokens.User.Email, harness.Password, harness.NewID())
	expect(t, call(t, elsewhere, http.MethodPost, "/v1/auth/login", body), http.StatusOK, "")
	forged := harness.NewClient(at.server.URL, nil)
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := forged.Raw(w.ctx, http.MethodPost, "/v1/auth/login", text,
		map[string]string{"Content-Type": "application/json", "X-Forwarded-For": "127.0.0.9", "X-Real-IP": "127.0.0.9"})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, answer, http.StatusTooManyRequests, "too_many_attempts")
	if locked.call(http.MethodGet, "/v1/me", nil).Status != http.StatusOK {
		t.Error("a lock-out of the account ended a session that was signed in")
	}
}

func loginTime(t *testing.T, at *place) {
	w := at.program(t)
	known := w.user("director", w.OrgID).Tokens.User.Email
	accounts := []string{known, w.Email()}
	times := make([][]time.Duration, len(accounts))
	for range 5 { // in turns, so that the machine's load falls on both
		for i, email := range accounts {
			start := time.Now()
			at.login(t, email, "wrong password here")
			times[i] = append(times[i], time.Since(start))
		}
	}
	exists, unknown := slices.Min(times[0]), slices.Min(times[1])
	if unknown < exists/3 || exists < unknown/3 {
		t.Errorf("a known account takes %s, an unknown one %s", exists, unknown)
	}
}

type publicKey struct{ Kid, Kty, Crv, X, Alg string }

func (p *place) keys(t *testing.T) []publicKey {
	t.Helper()
	var set struct{ Keys []publicKey }
	if err := call(t, harness.NewClient(p.server.URL, nil), http.MethodGet, "/.well-known/jwks.json", nil).Decode(&set); err != nil {
		t.Fatal(err)
	}
	return set.Keys
}

// verified tells whether one of the keys signed the token, and its kid.
func verified(t *testing.T, keys []publicKey, token string) (string, bool) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("the token has %d parts", len(parts))
	}
	var head struct{ Alg, Kid string }
	text, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &head); err != nil {
		t.Fatal(err)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		public, err := base64.RawURLEncoding.DecodeString(key.X)
		if err != nil || len(public) != ed25519.PublicKeySize {
			t.Fatalf("key %+v", key)
		}
		if key.Kid == head.Kid && key.Kty == "OKP" && key.Crv == "Ed25519" && head.Alg == "EdDSA" {
			return key.Kid, ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), signature)
		}
	}
	return head.Kid, false
}

func keysVerify(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	first, ok := verified(t, mine.keys(t), w.Admin.Token)
	if !ok {
		t.Fatal("the access token does not verify against the published keys")
	}
	out, err := mine.site.Command(t.Context(), nil, "keys", "rotate")
	if err != nil || out.Code != 0 {
		t.Fatalf("keys rotate: %v %+v", err, out)
	}
	if err := mine.server.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := mine.server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, call(t, w.Admin.Client, http.MethodGet, "/v1/me", nil), http.StatusOK, "")
	if _, ok := verified(t, mine.keys(t), w.Admin.Token); !ok {
		t.Error("the old key is gone right after a rotation")
	}
	again := w.user("director", w.OrgID)
	second, ok := verified(t, mine.keys(t), again.Token)
	if !ok || second == first {
		t.Errorf("after a rotation tokens are signed by key %s, before by %s, verified %v", second, first, ok)
	}
}

func tampered(t *testing.T, at *place) {
	w := at.program(t)
	parts := strings.Split(w.Admin.Token, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	flipped := []byte(parts[1])
	flipped[len(flipped)/2] ^= 1
	for _, token := range []string{none + "." + parts[1] + ".", parts[0] + "." + string(flipped) + "." + parts[2],
		parts[0] + "." + parts[1] + "." + parts[2][:len(parts[2])-4], w.Admin.RefreshToken, strings.Repeat("a", 5000)} {
		client := harness.NewClient(at.server.URL, nil)
		client.Token = token
		expect(t, call(t, client, http.MethodGet, "/v1/me", nil), http.StatusUnauthorized, "unauthorized")
	}
}
