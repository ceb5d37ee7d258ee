package merge

import (
	"strings"
	"unicode/utf8"

	"pursuit/models"
)

// Join makes one row of two of the same table: keep, with what only gone had, the
// union of their sets and both their texts. by is who joins them; by.V is the number
// that the row will get.
//
// keep's value stands where both have one, and gone's is a Conflict: no value is
// lost. What gone alone had keeps its writer. Fields named in apart, and those that
// only the server sets, are left alone. Neither row is changed.
// Source: docs/adr/0009-merging-people.md.
func Join(keep, gone *models.Row, by models.Writer, apart ...string) Outcome {
	j := joiner{out: Outcome{Row: keep.Clone(), Merged: true}, gone: gone, by: by, taken: map[models.Writer][]string{}}
	for i := range keep.Table.Fields {
		f := &keep.Table.Fields[i]
		if f.ReadOnly || f.Fixed || in(apart, f.Name) || gone.Values[i] == nil || models.Equal(keep.Values[i], gone.Values[i]) {
			continue
		}
		switch {
		case keep.Values[i] == nil:
			j.take(i, f)
		case f.Policy == models.PolicyUnion:
			j.union(i, f)
		case f.Policy == models.PolicyText:
			j.below(i, f)
		default:
			j.lose(i, f)
		}
	}
	j.sign()
	return j.out
}

type joiner struct {
	out   Outcome
	gone  *models.Row
	by    models.Writer
	taken map[models.Writer][]string // fields taken over, by who wrote them
	mixed []string
}

// take takes a value over with its writer, as of now.
func (j *joiner) take(i int, f *models.Field) {
	w := j.gone.Meta.Writer(f.Name)
	w.V, w.Mixed = j.by.V, false
	j.taken[w] = append(j.taken[w], f.Name)
	j.set(i, f, j.gone.Values[i])
}

// union puts both sets together, keep's first; what has no room is a conflict.
func (j *joiner) union(i int, f *models.Field) {
	both := union(nil, j.out.Row.Values[i], j.gone.Values[i])
	if len(minus(models.Texts(j.gone.Values[i]), models.Texts(both))) > 0 {
		j.lose(i, f)
	}
	j.mix(i, f, both)
}

// below puts gone's text below keep's, unless it stands there already; a text that is
// too long for that is a conflict.
func (j *joiner) below(i int, f *models.Field) {
	kept, gone := models.Text(j.out.Row.Values[i]), models.Text(j.gone.Values[i])
	both := kept + "\n" + gone
	switch {
	case strings.Contains("\n"+kept+"\n", "\n"+gone+"\n"):
	case utf8.RuneCountInString(both) > f.MaxLength:
		j.lose(i, f)
	default:
		j.mix(i, f, models.Quote(both))
	}
}

func (j *joiner) mix(i int, f *models.Field, v []byte) {
	if !models.Equal(v, j.out.Row.Values[i]) {
		j.mixed = append(j.mixed, f.Name)
		j.set(i, f, v)
	}
}

func (j *joiner) set(i int, f *models.Field, v []byte) {
	j.out.Row.Values[i] = v
	j.out.Changed = append(j.out.Changed, f.Name)
}

func (j *joiner) lose(i int, f *models.Field) {
	w := j.gone.Meta.Writer(f.Name)
	j.out.Conflicts = append(j.out.Conflicts, Conflict{Field: f.Name, Policy: f.Policy, Kept: j.out.Row.Values[i],
		Lost: j.gone.Values[i], LostBy: w.User, LostAt: w.At})
}

// sign says who wrote what, in the order of the fields.
func (j *joiner) sign() {
	for _, name := range j.out.Changed {
		for w, fields := range j.taken {
			if fields[0] == name {
				j.out.Row.Meta.Wrote(w, fields...)
			}
		}
	}
	if len(j.mixed) > 0 {
		mixture := j.by
		mixture.Mixed = true
		j.out.Row.Meta.Wrote(mixture, j.mixed...)
	}
	j.out.Row.V = j.by.V
}
