package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// Password is what every user of a test program signs in with, unless told.
const Password = "correct horse battery staple"

// Program is a tenant made by the bootstrap command, with its admin signed in.
type Program struct {
	ID      string `json:"program_id"`
	OrgID   string `json:"org_id"` // the lead organisation
	AdminID string `json:"user_id"`

	Admin *Session
	base  string
	http  *http.Client
	mark  string
	users int
}

// Bootstrap makes a program of a site and signs its admin in at a server. The mark
// keeps its e-mail addresses apart from those of every other program of the site.
func (s *Site) Bootstrap(ctx context.Context, server, mark string) (*Program, error) {
	secret := filepath.Join(s.Dir, "password-"+mark)
	if err := os.WriteFile(secret, []byte(Password+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write the password file: %w", err)
	}
	email := "admin@" + mark + ".example"
	out, err := s.Command(ctx, nil, "bootstrap", "--program", "Program "+mark, "--time-zone", "America/Los_Angeles",
		"--admin-email", email, "--admin-password-file", secret)
	if err != nil {
		return nil, err
	}
	if out.Code != 0 {
		return nil, fmt.Errorf("bootstrap ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	program := &Program{base: server, mark: mark, http: NewHTTP("")}
	if err := json.Unmarshal([]byte(out.Stdout), program); err != nil {
		return nil, fmt.Errorf("read what bootstrap printed: %w: %s", err, out.Stdout)
	}
	program.Admin, err = Login(ctx, server, program.http, email, Password)
	return program, err
}

// Email answers an address of this program that nobody has yet.
func (p *Program) Email() string {
	p.users++
	return fmt.Sprintf("user%d@%s.example", p.users, p.mark)
}

// Org makes an organisation and answers its id.
func (p *Program) Org(ctx context.Context, name, kind string) (string, error) {
	answer, err := p.Admin.JSON(ctx, http.MethodPost, "/v1/orgs", map[string]any{"name": name, "kind": kind})
	if err != nil {
		return "", err
	}
	return createdID(answer)
}

// User makes a user and signs a device of theirs in.
func (p *Program) User(ctx context.Context, role, org string) (*Session, error) {
	email := p.Email()
	answer, err := p.Admin.JSON(ctx, http.MethodPost, "/v1/users", map[string]any{
		"email": email, "name": "User of " + role, "password": Password, "role": role, "org_id": org})
	if err != nil {
		return nil, err
	}
	if _, err := createdID(answer); err != nil {
		return nil, err
	}
	return Login(ctx, p.base, p.http, email, Password)
}

// PatchUser changes a user as the admin.
func (p *Program) PatchUser(ctx context.Context, id string, set map[string]any) error {
	answer, err := p.Admin.JSON(ctx, http.MethodPatch, "/v1/users/"+id, set)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("patch a user: status %d: %.300s", answer.Status, answer.Body)
	}
	return nil
}

func createdID(answer Answer) (string, error) {
	if answer.Status != http.StatusOK && answer.Status != http.StatusCreated {
		return "", fmt.Errorf("create: status %d: %.300s", answer.Status, answer.Body)
	}
	var made struct{ ID string }
	if err := answer.Decode(&made); err != nil {
		return "", err
	}
	if made.ID == "" {
		return "", fmt.Errorf("create: no id in %.300s", answer.Body)
	}
	return made.ID, nil
}
