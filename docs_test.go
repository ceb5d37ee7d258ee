package pursuit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pursuit/models"
)

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages lists every document of the project.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md", "deploy/*.md"} {
		list, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, list...)
	}
	return found
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	drop    = regexp.MustCompile("[^a-z0-9 _-]")
)

// anchors are the places of a page that links may name.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		found[strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	return found
}

// Every link within the documents leads to a page, folder or heading that is there.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, from := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(page(t, from), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(found[1], "#")
			target := filepath.Join(filepath.Dir(from), path)
			if path == "" {
				target = from
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", from, found[1])
			} else if anchor != "" && !anchors(page(t, target))[anchor] {
				t.Errorf("%s links to %s: no such heading", from, found[1])
			}
		}
	}
}

// The domain's page names every table, field and code; the protocol's every code of
// a rejection and every type and policy.
func TestDocumentsNameWhatTheSchemaHas(t *testing.T) {
	domain, protocol := page(t, "docs/domain.md"), page(t, "docs/protocol.md")
	stamps := map[string]bool{"created_by": true, "created_at": true, "updated_by": true, "updated_at": true}
	for _, table := range models.Tables.Tables {
		row := regexp.MustCompile("(?m)^\\| `" + table.Name + "`.*$").FindString(domain)
		if row == "" {
			t.Errorf("docs/domain.md has no row of table %s", table.Name)
		}
		elsewhere := table.Name == "conflicts" || table.Name == "quarantine" // described in protocol.md
		for _, f := range table.Fields {
			text := row
			if elsewhere {
				text = protocol
			}
			if !stamps[f.Name] && !regexp.MustCompile(`\b`+f.Name+`\b`).MatchString(text) {
				t.Errorf("field %s of %s is not described", f.Name, table.Name)
			}
			for _, code := range f.Values {
				if !strings.Contains(domain, "`"+code+"`") && !strings.Contains(protocol, code) {
					t.Errorf("code %s of %s.%s is not described", code, table.Name, f.Name)
				}
			}
			if !strings.Contains(protocol, "`"+string(f.Type)+"`") || !strings.Contains(protocol, "`"+string(f.Policy)+"`") {
				t.Errorf("docs/protocol.md lacks type %s or policy %s", f.Type, f.Policy)
			}
		}
	}
	for _, code := range []string{models.CodeUnknownTable, models.CodeUnknownField, models.CodeInvalidValue, models.CodeMissingField,
		models.CodeRowExists, models.CodeRowGone, models.CodeReadOnlyField, models.CodeForbidden,
		models.CodeForbiddenTransition, models.CodeGroupFailed, models.CodeMutationIDReused} {
		if !strings.Contains(protocol, "`"+code+"`") {
			t.Errorf("docs/protocol.md lacks the code %s", code)
		}
	}
}

// Every call under /v1 that the server has is in one of the documents.
func TestDocumentsNameEveryCall(t *testing.T) {
	text := page(t, "docs/protocol.md") + page(t, "docs/domain.md")
	calls := regexp.MustCompile(`(?m)^  (/v1/\S+):$`).FindAllStringSubmatch(page(t, "api/openapi.yaml"), -1)
	if len(calls) < 20 {
		t.Fatalf("openapi.yaml describes %d calls", len(calls))
	}
	for _, call := range calls {
		if !strings.Contains(text, call[1]) {
			t.Errorf("the documents do not name %s", call[1])
		}
	}
}

// The README tells of every folder at the top.
func TestReadmeNamesEveryFolder(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	text := page(t, "README.md")
	for _, e := range entries {
		if name := e.Name(); e.IsDir() && !strings.HasPrefix(name, ".") && !strings.Contains(text, "| `"+name+"/") {
			t.Errorf("the README does not tell what stands in %s/", name)
		}
	}
}
