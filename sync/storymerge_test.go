package sync

import (
	"context"
	"fmt"
	"strings"

	"pursuit/models"
)

// duplicates lists who may be one person, one pair a line.
func (st *story) duplicates(name string) string {
	found, err := st.e.Duplicates(context.Background(), st.actor(name), DuplicateFilter{After: []string{"", ""}, Limit: 10})
	st.must(err)
	var out []string
	for _, d := range found {
		out = append(out, st.told(fmt.Sprintf("%s and %s: %s", d.People[0].ID, d.People[1].ID, strings.Join(d.Reasons, " "))))
	}
	return strings.Join(out, "\n")
}

// merge makes one person of two.
func (st *story) merge(name, keep, gone string) string {
	out, err := st.e.MergePeople(context.Background(), st.actor(name), PeopleMerge{ID: models.NewID(), Keep: st.id(keep), Merge: st.id(gone)})
	if known := models.AsError(err); known != nil {
		return known.Code
	}
	st.must(err)
	text := st.told(out.PersonID)
	for _, id := range out.Conflicts {
		text += " " + st.rowName("conflicts", id)
	}
	return text
}
