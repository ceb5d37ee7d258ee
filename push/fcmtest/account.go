package fcmtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

const (
	email     = "pusher@" + Project + ".iam.gserviceaccount.com"
	scope     = "https://www.googleapis.com/auth/firebase.messaging"
	grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// keyBits is what Google's keys have.
	keyBits = 2048
	// tokenSeconds is how long an access token lives.
	tokenSeconds = 3600
)

// account is the service account that the stand-in knows.
type account struct {
	key *rsa.PrivateKey
	err error
}

func newAccount() account {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	return account{key: key, err: err}
}

// WriteCredentials writes a service account's key file into a folder, readable by the
// owner alone, whose token_uri is the stand-in's; the answer is its path.
func (s *Server) WriteCredentials(folder string) (string, error) {
	if s.account.err != nil {
		return "", fmt.Errorf("make key: %w", s.account.err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(s.account.key)
	if err != nil {
		return "", fmt.Errorf("encode key: %w", err)
	}
	content, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": Project, "client_email": email, "private_key_id": "test-key",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"token_uri":   s.URL() + "/token",
	})
	if err != nil {
		return "", fmt.Errorf("encode credentials: %w", err)
	}
	path := filepath.Join(folder, "fcm-credentials.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return "", fmt.Errorf("write credentials: %w", err)
	}
	return path, nil
}

// token gives an access token for a signed assertion of the account.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.fetches++
	var answer Answer
	answer, s.oauth = take(s.oauth)
	s.mu.Unlock()
	if s.applied(w, r, answer) {
		return
	}
	if err := s.checkAssertion(r); err != nil {
		Answer{Status: 400, Raw: `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`}.write(w)
		return
	}
	token := "access-" + rand.Text()
	s.mu.Lock()
	s.issued[token] = true
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": tokenSeconds})
}

func (s *Server) checkAssertion(r *http.Request) error {
	if s.account.err != nil {
		return s.account.err
	}
	if r.FormValue("grant_type") != grantType {
		return fmt.Errorf("wrong grant type")
	}
	var claims struct {
		jwt.RegisteredClaims
		Scope string `json:"scope"`
	}
	key := func(*jwt.Token) (any, error) { return &s.account.key.PublicKey, nil }
	_, err := jwt.ParseWithClaims(r.FormValue("assertion"), &claims, key, jwt.WithValidMethods([]string{"RS256"}),
		jwt.WithIssuer(email), jwt.WithAudience(s.URL()+"/token"), jwt.WithExpirationRequired())
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(claims.Scope), scope) {
		return fmt.Errorf("scope is missing")
	}
	return nil
}
