package api

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	gosync "sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"go.yaml.in/yaml/v3"

	"pursuit/models"
)

// contract is the document that every answer of every test is held against.
var contract = gosync.OnceValues(func() (validator.Validator, error) {
	document, err := libopenapi.NewDocument(openAPI)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document, config.WithFormatAssertions())
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// documented lists the operations of the document as "METHOD /path".
func documented(t *testing.T) map[string]operation {
	t.Helper()
	var text contractText
	must(t, yaml.Unmarshal(openAPI, &text))
	out := map[string]operation{}
	for path, methods := range text.Paths {
		for method, op := range methods {
			out[strings.ToUpper(method)+" "+path] = op
		}
	}
	return out
}

var parameter = regexp.MustCompile(`:(\w+)`)

func (r route) documentedAs() string {
	return r.method + " " + parameter.ReplaceAllString(r.path, "{$1}")
}

// holdsContract wants an answer to be one that the document describes. Answers of
// routes that do not exist are held against the one shape of problems elsewhere.
func (s *site) holdsContract(r *http.Request, a answer) {
	s.t.Helper()
	if a.header.Get("Content-Encoding") != "" || a.header.Get("Content-Type") == "text/event-stream" ||
		a.status == http.StatusMethodNotAllowed || !s.served(r) {
		return
	}
	v, err := contract()
	must(s.t, err)
	ok, faults := v.ValidateHttpResponse(r, &http.Response{StatusCode: a.status, Header: a.header,
		Body: io.NopCloser(bytes.NewReader(a.body)), Request: r})
	if ok {
		return
	}
	for _, fault := range faults {
		s.t.Errorf("%s %s answers %d against the contract: %s: %s", r.Method, r.URL.Path, a.status, fault.Message, fault.Reason)
		for _, deeper := range fault.SchemaValidationErrors {
			s.t.Errorf("  at %s: %s", deeper.FieldPath, deeper.Reason)
		}
	}
}

// served tells whether a request's path is one of the routes.
func (s *site) served(r *http.Request) bool {
	for _, known := range s.server.routes() {
		pattern := "^" + parameter.ReplaceAllString(known.path, `[^/]+`) + "$"
		if known.method == r.Method && regexp.MustCompile(pattern).MatchString(r.URL.Path) {
			return true
		}
	}
	return false
}

func TestTheDocumentIsValid(t *testing.T) {
	v, err := contract()
	must(t, err)
	if ok, faults := v.ValidateDocument(); !ok {
		for _, fault := range faults {
			t.Errorf("%s: %s", fault.Message, fault.Reason)
			for _, deeper := range fault.SchemaValidationErrors {
				t.Errorf("  at %s: %s", deeper.FieldPath, deeper.Reason)
			}
		}
	}
}

// Every route is documented with the access it has, and nothing else is.
func TestRoutesAndDocumentAgree(t *testing.T) {
	ops := documented(t)
	for _, r := range (&Server{}).routes() {
		op, ok := ops[r.documentedAs()]
		if !ok {
			t.Errorf("%s %s is not documented", r.method, r.path)
			continue
		}
		delete(ops, r.documentedAs())
		if open := op.Security != nil; open != r.who.anyone {
			t.Errorf("%s: documented as open to anyone = %v, served = %v", r.documentedAs(), open, r.who.anyone)
		}
		if op.Responses["default"] == nil || op.Summary == "" || len(op.Tags) != 1 {
			t.Errorf("%s: needs a summary, one tag and a default answer", r.documentedAs())
		}
	}
	for op := range ops {
		t.Errorf("%s is documented, but not served", op)
	}
}

// Without a sign-in, and for roles that are not named, a route answers nothing
// else than that.
func TestAccessOfEveryRoute(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		sessions := map[models.Role]session{models.RoleAdmin: s.admin}
		for _, role := range models.Roles {
			if role != models.RoleAdmin {
				sessions[role] = s.user(role, string(role)+"@example.org")
			}
		}
		for _, r := range s.server.routes() {
			if r.who.anyone {
				continue
			}
			path := parameter.ReplaceAllString(r.path, models.NewID())
			s.call(r.method, path, "", nil).problem(401, "unauthorized")
			for role, who := range sessions {
				if !mayCall(role, r.who.roles) {
					s.call(r.method, path, who.AccessToken, nil).problem(403, "forbidden")
				}
			}
		}
	})
}
