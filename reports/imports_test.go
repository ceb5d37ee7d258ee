package reports

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestTheCountingHalfIsPure holds the line that doc.go draws: only files that write a workbook
// (xlsx*) or load rows (load*) import more than the standard library, and no other file knows
// a clock or a database.
func TestTheCountingHalfIsPure(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range files {
		name := f.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") ||
			strings.HasPrefix(name, "xlsx") || strings.HasPrefix(name, "load") {
			continue
		}
		seen++
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(path, ".") || strings.HasPrefix(path, "pursuit/") ||
				path == "context" || path == "database/sql" || path == "net/http" {
				t.Errorf("%s imports %s", name, path)
			}
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "time.Now(") {
			t.Errorf("%s reads a clock", name)
		}
	}
	if seen < 10 {
		t.Errorf("only %d files were looked at", seen)
	}
}
