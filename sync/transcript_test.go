package sync

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

var rewrite = flag.Bool("rewrite", false, "write what happens into the transcripts as what should happen")

// Each file of testdata tells a story: commands, a line of dashes, and what comes of
// them. The stories must come out alike on both databases. testdata/README.md says
// how to read and write them; -rewrite writes down what happens.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d transcripts, %v", len(files), err)
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e := testEngine(t, s)
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runTranscript(t, e, file) })
		}
	})
}

func runTranscript(t *testing.T, e *Engine, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	st := newStory(t, e)
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimRight(string(text), "\n"), "\n\n") {
		commands, want, told := strings.Cut(block, "\n----\n")
		if out.Len() > 0 {
			out.WriteString("\n\n")
		}
		if strings.HasPrefix(block, "#") && !told && !strings.HasSuffix(block, "\n----") {
			out.WriteString(block)
			continue
		}
		commands = strings.TrimSuffix(commands, "\n----")
		got := st.run(commands)
		if got != want && !*rewrite {
			t.Errorf("%s\n---- should come to\n%s\n---- and comes to\n%s", commands, want, got)
		}
		out.WriteString(strings.TrimRight(commands+"\n----\n"+got, "\n"))
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(out.String()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
