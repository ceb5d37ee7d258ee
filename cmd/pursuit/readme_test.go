package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"pursuit/models/store/storetest"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The README's walk, pasted block by block into a shell, does on both databases what
// the README says of it. The server, used like that, has the metrics that the files of
// deploy ask for.
func TestReadmeWalk(t *testing.T) {
	var walk strings.Builder
	for _, block := range regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(readme(t), -1) {
		walk.WriteString(block[1])
	}
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			address := regexp.MustCompile(`http://[0-9.:]+`).FindString(startDemo(t, storetest.URL(t, dialect)))
			script := strings.Replace(walk.String(), "http://127.0.0.1:8080", address, 1)
			out, err := exec.Command("bash", "-c", script).CombinedOutput()
			if err != nil {
				t.Fatalf("the walk failed: %v\n%s", err, out)
			}
			checkWalk(t, strings.Split(strings.TrimSpace(string(out)), "\n"))
			asksForMetricsThatExist(t, address)
		})
	}
}

func checkWalk(t *testing.T, answers []string) {
	t.Helper()
	const both = `"phones":["+15035550101","+15035550102","+15035550103"]`
	want := [][]string{
		{`"status":"applied"`, `"duplicate":false`},
		{`"status":"applied"`, `"duplicate":false`},
		{`"status":"merged"`, both, `"address":"40 Second Street"`, `"lost_value":"12 First Avenue"`, `"state":"open"`},
		{both, `"address":"40 Second Street"`},
		{`"status":"applied"`},
		{both, `"address":"12 First Avenue"`},
		{`"status":"merged"`, `"duplicate":true`},
	}
	if len(answers) <= len(want) {
		t.Fatalf("%d answers, want more than %d:\n%s", len(answers), len(want), strings.Join(answers, "\n"))
	}
	if last := answers[len(answers)-1]; !strings.HasPrefix(last, "total,803,226,230,190,73,263,191,63,14,54,15,116,") {
		t.Errorf("the figures end in %s", last)
	}
	for i, parts := range want {
		for _, part := range parts {
			if !strings.Contains(answers[i], part) {
				t.Errorf("answer %d lacks %s:\n%s", i+1, part, answers[i])
			}
		}
	}
}

// The README names every setting.
func TestReadmeNamesEverySetting(t *testing.T) {
	text, kind := readme(t), reflect.TypeFor[settings]()
	for i := range kind.NumField() {
		if name := envPrefix + kind.Field(i).Tag.Get("env"); !strings.Contains(text, "| `"+name+"` |") {
			t.Errorf("the README does not name %s", name)
		}
	}
}
