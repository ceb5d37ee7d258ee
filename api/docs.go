package api

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"sort"
	"strings"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"
)

// openAPI is the contract of every call, kept by hand and checked by tests against
// the routes and the answers.
//
//go:embed openapi.yaml
var openAPI []byte

//go:embed docs.html
var docsPage string

// contract answers the OpenAPI document.
func (s *Server) contract(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", openAPI)
}

// documentation answers the same for people: one page without scripts.
func (s *Server) documentation(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'")
	return c.HTMLBlob(http.StatusOK, s.docs)
}

// contractText is what the page shows of the document.
type contractText struct {
	Info struct {
		Title       string `yaml:"title"`
		Version     string `yaml:"version"`
		Description string `yaml:"description"`
	} `yaml:"info"`
	Paths map[string]map[string]operation `yaml:"paths"`
}

type operation struct {
	Summary     string         `yaml:"summary"`
	Description string         `yaml:"description"`
	Tags        []string       `yaml:"tags"`
	Security    []any          `yaml:"security"`
	Body        any            `yaml:"requestBody"`
	Parameters  any            `yaml:"parameters"`
	Responses   map[string]any `yaml:"responses"`
}

// call is one operation as the page shows it.
type call struct {
	Method, Path string
	operation
	Shape string
}

// renderDocs makes the page once, at start.
func renderDocs() ([]byte, error) {
	var text contractText
	if err := yaml.Unmarshal(openAPI, &text); err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	groups := map[string][]call{}
	for path, methods := range text.Paths {
		for method, op := range methods {
			shape, err := yaml.Marshal(withoutEmpty(map[string]any{"parameters": op.Parameters, "body": op.Body, "answers": op.Responses}))
			if err != nil {
				return nil, fmt.Errorf("show %s %s: %w", method, path, err)
			}
			tag := strings.Join(op.Tags, ", ")
			groups[tag] = append(groups[tag], call{strings.ToUpper(method), path, op, string(shape)})
		}
	}
	for _, calls := range groups {
		sort.Slice(calls, func(i, j int) bool { return calls[i].Path+calls[i].Method < calls[j].Path+calls[j].Method })
	}
	page, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, fmt.Errorf("read docs.html: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, map[string]any{"Info": text.Info, "Groups": groups}); err != nil {
		return nil, fmt.Errorf("make the docs page: %w", err)
	}
	return out.Bytes(), nil
}

func withoutEmpty(in map[string]any) map[string]any {
	for key, value := range in {
		if value == nil {
			delete(in, key)
		}
	}
	return in
}
