package fcm

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// scope is the right to send messages and nothing else.
const scope = "https://www.googleapis.com/auth/firebase.messaging"

// ErrCredentials says that a credentials file is none that can be used. Its contents
// are never part of an error.
var ErrCredentials = errors.New("push credentials are not a service account's key file with a project_id")

// account is what is used of a service account's key file.
type account struct {
	projectID string
	fetch     func() (*oauth2.Token, error)
}

// credentialsMost is more than any key file has; beyond, it is another kind of file.
const credentialsMost = 1 << 20

// CheckCredentials tells whether New can use a credentials file. It calls nobody.
func CheckCredentials(path string) error {
	_, err := readAccount(context.Background(), path, http.DefaultClient)
	return err
}

// readAccount reads a service account's key file; tokens come from its token_uri by
// way of client.
func readAccount(ctx context.Context, path string, client *http.Client) (account, error) {
	found, err := os.Stat(path)
	if err == nil && (!found.Mode().IsRegular() || found.Size() > credentialsMost) {
		return account{}, ErrCredentials
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return account{}, fmt.Errorf("read push credentials: %w", err)
	}
	var file struct {
		ProjectID string `json:"project_id"`
	}
	if json.Unmarshal(content, &file) != nil || file.ProjectID == "" {
		return account{}, ErrCredentials
	}
	config, err := google.JWTConfigFromJSON(content, scope)
	if err != nil || config.Email == "" || config.TokenURL == "" || !isKey(config.PrivateKey) {
		return account{}, ErrCredentials
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, client)
	// A source keeps its token until it expires; a new one each time leaves the keeping
	// to tokens, which also knows when a token was refused.
	fetch := func() (*oauth2.Token, error) { return config.TokenSource(ctx).Token() }
	return account{projectID: file.ProjectID, fetch: fetch}, nil
}

// isKey tells whether a private key can be read, so that a broken file is known at
// start and not at the first push.
func isKey(text []byte) bool {
	block, _ := pem.Decode(text)
	if block == nil {
		return false
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		_, isRSA := key.(*rsa.PrivateKey)
		return isRSA
	}
	_, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	return err == nil
}

// tokens keeps the access token of an account until it expires or is refused.
type tokens struct {
	fetch func() (*oauth2.Token, error)

	mu      sync.Mutex
	current *oauth2.Token
}

// Token gives a token that is valid for a while yet, fetching one if need be.
func (t *tokens) Token() (*oauth2.Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current.Valid() {
		return t.current, nil
	}
	fresh, err := t.fetch()
	if err != nil {
		return nil, err
	}
	t.current = fresh
	return fresh, nil
}

// drop forgets a token that was refused, so that the next Send fetches another.
func (t *tokens) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current = nil
}

// tokenFault classifies why no token could be had: a refusal is a credential fault, a
// server's failure or a broken way is worth another try.
func tokenFault(err error) *Fault {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return &Fault{Kind: Retry, Code: "token_unreachable"}
	}
	status := refused.Response.StatusCode
	if status >= 500 || status == http.StatusTooManyRequests {
		return &Fault{Kind: Retry, Code: "token_unavailable", Status: status}
	}
	return &Fault{Kind: Credential, Code: "token_refused", Status: status}
}
