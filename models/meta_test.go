package models_test

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"pursuit/models"
)

var written = []string{"code", "notes", "phones", models.Deletion}

func writers(t *rapid.T) []models.Writer {
	devices := rapid.SliceOfN(rapid.SampledFrom([]string{"phone", "tablet", "web", `odd " \ device`, "", "ü\u2028"}), 1, 40).Draw(t, "devices")
	out := make([]models.Writer, len(devices))
	for i, d := range devices {
		out[i] = models.Writer{V: int64(i + 1), Device: d, User: "u", Role: models.RoleOutreachWorker,
			At: rapid.Int64Range(0, 9).Draw(t, "at"), Mutation: fmt.Sprintf("m%d", i)}
	}
	return out
}

// Whatever is written in whatever order, Meta gives each field's last writer, and
// the row's maker for fields that nobody wrote again.
func TestWroteKeepsLastWriters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m models.Meta
		last := map[string]models.Writer{}
		list := writers(t)
		for i, w := range list {
			fields := rapid.SliceOfDistinct(rapid.SampledFrom(written), rapid.ID[string]).Draw(t, "fields")
			if i == 0 {
				fields = nil // the insert
			}
			m.Wrote(w, fields...)
			for _, f := range fields {
				last[f] = w
			}
			back, err := models.DecodeMeta(m.Encode())
			if err != nil {
				t.Fatalf("after write %d: %v", i, err)
			}
			for _, f := range written {
				want, ok := last[f]
				if !ok {
					want = list[0]
				}
				if m.Writer(f) != want || back.Writer(f) != want {
					t.Fatalf("after write %d: %s was last written by %v (decoded %v), want %v", i, f, m.Writer(f), back.Writer(f), want)
				}
			}
			if by, deleted := m.Deleter(); deleted != (last[models.Deletion] != models.Writer{}) || deleted && by != last[models.Deletion] {
				t.Fatalf("after write %d: deleter %v, %v", i, by, deleted)
			}
		}
	})
}

// A delete knows of every edit that its device had not seen: what others wrote
// after its base is remembered, even where it was written over since.
func TestChangedAfterSeesOverwrittenEdits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m models.Meta
		list := writers(t)
		for i, w := range list {
			m.Wrote(w, rapid.SampledFrom(written[:2]).Draw(t, "field"))
			base := rapid.Int64Range(0, int64(i)).Draw(t, "base")
			me := rapid.SampledFrom(list).Draw(t, "deleter")
			want := false
			for _, other := range list[:i+1] {
				want = want || other.V > base && !other.Same(me)
			}
			if got := m.ChangedAfter(base, me); got != want && i < 20 { // beyond, the oldest device's mark may be gone
				t.Fatalf("after write %d: changed after %d by others than %q = %v, want %v", i, base, me.Device, got, want)
			}
		}
	})
}

// A row that thousands wrote remembers a bounded number of them.
func TestWritersAreBounded(t *testing.T) {
	var m models.Meta
	for i := range 5000 {
		m.Wrote(models.Writer{V: int64(i + 1), Device: fmt.Sprint(i), User: "u"}, written[i%len(written)])
	}
	if len(m.Writers) > 32 {
		t.Fatalf("%d writers are remembered", len(m.Writers))
	}
}

func TestForget(t *testing.T) {
	var m models.Meta
	m.Wrote(models.Writer{V: 1, Device: "a"})
	m.Wrote(models.Writer{V: 2, Device: "b"}, models.Deletion)
	m.Forget(models.Deletion)
	if _, deleted := m.Deleter(); deleted {
		t.Fatal("a forgotten deletion is remembered")
	}
}

func TestMetaDecodeRefusesDamage(t *testing.T) {
	for _, text := range []string{``, `[]`, `{"w":3}`, `{"w":[{"v":"x"}]}`} {
		if m, err := models.DecodeMeta([]byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, m)
		}
	}
	empty, err := models.DecodeMeta(models.Meta{}.Encode())
	if err != nil || !reflect.DeepEqual(empty.Writer("code"), models.Writer{}) {
		t.Errorf("an empty Meta came back as %v, %v", empty, err)
	}
}

// Who deleted a row that stands again did not edit it by that; what the same device
// edited before its delete stays known to a later delete that had not seen it.
func TestChangedAfterSeesEditsBeforeAnUndoneDelete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m models.Meta
		list := writers(t)
		edits := map[int]bool{}
		for i, w := range list {
			if i > 0 && rapid.Bool().Draw(t, "deletes") {
				m.Wrote(w, models.Deletion)
				m.Forget(models.Deletion) // an edit that had not seen it brought the row back
			} else {
				m.Wrote(w, rapid.SampledFrom(written[:2]).Draw(t, "field"))
				edits[i] = true
			}
			base := rapid.Int64Range(0, int64(i)).Draw(t, "base")
			me := rapid.SampledFrom(list).Draw(t, "deleter")
			want := false
			for at, other := range list[:i+1] {
				want = want || edits[at] && other.V > base && !other.Same(me)
			}
			if got := m.ChangedAfter(base, me); got != want && i < 20 { // beyond, the oldest device's mark may be gone
				t.Fatalf("after write %d: changed after %d by others than %q = %v, want %v", i, base, me.Device, got, want)
			}
		}
	})
}
