// Package pursuit_test holds the directions of imports: cmd → api → {sync, push,
// reports} → models/store → models, and which libraries may be known where.
package pursuit_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "pursuit"

// rule forbids imports to some packages, for a reason.
type rule struct {
	why    string
	of     func(path string) bool     // packages it speaks of, without the module's name
	denied func(imported string) bool // imports it forbids them, project imports with the module's name
}

// under tells whether a path is one of the given ones or below it.
func under(path string, tops ...string) bool {
	for _, top := range tops {
		if path == top || strings.HasPrefix(path, top+"/") {
			return true
		}
	}
	return false
}

func in(tops ...string) func(string) bool {
	return func(path string) bool { return under(path, tops...) }
}
func out(tops ...string) func(string) bool {
	return func(path string) bool { return !under(path, tops...) }
}

// project makes a test for imports of these packages of the project.
func project(tops ...string) func(string) bool {
	for i, top := range tops {
		tops[i] = module + "/" + top
	}
	return in(tops...)
}

// standard tells whether an import path is the standard library's.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != module
}

var pure = []string{"sync/merge", "sync/scope", "push/cadence"}

var rules = []rule{
	{"models is imported by everybody and imports nobody", func(p string) bool { return p == "models" },
		func(i string) bool { return strings.HasPrefix(i, module+"/") }},
	{"the store is below everything but models", in("models/store"), project("api", "sync", "push", "reports", "cmd", "web")},
	{"rules take rows and now as values: standard library and models alone", in(pure...),
		func(i string) bool { return !standard(i) && i != module+"/models" && !project(pure...)(i) }},
	{"rules never wait, and know no database, network or process", in(pure...), in("context", "database", "net", "os")},
	{"sync and push meet in commits, not in calls", in("sync"), project("push", "api", "reports", "cmd")},
	{"sync and push meet in commits, not in calls", in("push"), project("sync", "api", "reports", "cmd")},
	{"reports read what others wrote", in("reports"), project("sync", "push", "api", "cmd")},
	{"calls go down: nobody imports a command", out("cmd"), project("cmd")},
	{"sign-in is used by HTTP and by commands alike", in("api/auth"), in("github.com/labstack", "net/http")},
	{"only the store knows the object mapper: elsewhere it hides queries", out("models/store"), in("gorm.io", "github.com/libtnb/sqlite")},
	{"only push sends by the job queue, and only the store knows its drivers", out("push", "models/store"), in("github.com/riverqueue")},
	{"push knows the job queue, not its drivers: which database it is on is the store's", in("push"), in("github.com/riverqueue/river/riverdriver", "github.com/riverqueue/river/rivermigrate")},
	{"HTTP ends in api: the engine is called by commands and jobs too", out("api", "cmd", "web", "bench"), in("github.com/labstack/echo")},
	{"the simulation checks the contract, not the code", in("sim/harness"), project("models", "api", "sync", "push", "reports")},
	{"what serves tests does not serve users", out("models/store/storetest", "sim", "bench"),
		func(i string) bool {
			return under(i, "testing", "pgregory.net/rapid", "github.com/Shopify/toxiproxy", "github.com/anishathalye/porcupine") ||
				project("models/store/storetest", "sim")(i)
		}},
}

func TestImportsGoOneWay(t *testing.T) {
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	text, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for decoder := json.NewDecoder(strings.NewReader(string(text))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if path == "" || strings.Contains(path, "node_modules") {
			continue
		}
		seen++
		for _, r := range rules {
			for _, imported := range p.Imports {
				if r.of(path) && r.denied(imported) {
					t.Errorf("%s imports %s: %s", path, imported, r.why)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d packages were looked at", seen)
	}
}
