package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"pursuit/models"
)

// push sends mutations, one a line: op, table, row, options, set.
func (st *story) push(words, lines []string) string {
	device, clock := words[0], time.Time{}
	for _, w := range words[1:] {
		if off, ok := strings.CutPrefix(w, "clock="); ok {
			d, err := time.ParseDuration(off)
			st.must(err)
			clock = st.now.Add(d)
		}
	}
	ph := st.phone(device)
	ph.last = nil
	for _, line := range lines {
		ph.last = append(ph.last, st.mutation(ph, line))
	}
	return st.send(device, ph.last, clock)
}

func (st *story) mutation(ph *storyPhone, line string) Item {
	line, set, _ := strings.Cut(line, " {")
	words := strings.Fields(line)
	m := models.Mutation{ID: models.NewID(), Op: models.Op(words[0]), Table: words[1], Row: st.id(words[2]), At: models.FormatTime(st.now)}
	m.Base = ph.bases[m.Row]
	for _, w := range words[3:] {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "at":
			m.At = "2026-03-" + value + ":00.000Z"
		case "group":
			m.Group = value
		default:
			st.t.Fatalf("no such option: %s", w)
		}
	}
	if set != "" {
		set = nameInQuotes.ReplaceAllStringFunc("{"+set, func(quoted string) string {
			name := strings.Trim(quoted, `"`)
			if _, known := st.ids[name]; known || rowNames.MatchString(name) {
				return `"` + st.id(name) + `"`
			}
			return quoted
		})
		st.must(json.Unmarshal([]byte(exactDay.ReplaceAllString(set, `"${1}T$2:00.000Z"`)), &m.Set))
	}
	return Item{Mutation: m}
}

// rowNames are names that a story gives to rows, perhaps before it makes them.
var rowNames = regexp.MustCompile(`^[A-Z][0-9]+$`)

var exactDay = regexp.MustCompile(`"(\d{4}-\d\d-\d\d) (\d\d:\d\d)"`)

// send pushes and tells what became of each mutation.
func (st *story) send(device string, items []Item, clock time.Time) string {
	results, err := st.e.Push(context.Background(), st.actor(device), clock, items)
	st.must(err)
	var out []string
	for i, r := range results {
		line := st.told(items[i].Row) + ": " + string(r.Status)
		if r.Code != "" {
			line += " " + strings.TrimSpace(r.Code+" "+r.Field)
		}
		if r.Status == models.StatusMerged {
			line += st.outcome(items[i], r.Row)
		}
		if r.Duplicate {
			line += ", as before"
		}
		if n := len(r.Conflicts); n > 0 {
			line += fmt.Sprintf(", %d lost", n)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// outcome tells what the fields that were sent came to.
func (st *story) outcome(it Item, doc json.RawMessage) string {
	row := map[string]json.RawMessage{}
	st.must(json.Unmarshal(doc, &row))
	fields := make([]string, 0, len(it.Set))
	for name := range it.Set {
		fields = append(fields, name)
	}
	sort.Strings(fields)
	out := ""
	for _, name := range fields {
		out += " " + name + "=" + st.told(string(row[name]))
	}
	return out
}

// pull pulls until complete and tells what changed on the device, in the order of
// the sequence; of rows that it had, only the fields that changed.
func (st *story) pull(device string) string {
	ph := st.phone(device)
	var out []string
	for {
		page, err := st.e.Pull(context.Background(), st.actor(device), PullRequest{Cursor: ph.cursor, Limit: 5})
		st.must(err)
		var drops []string
		for _, bucket := range page.Drop {
			drops = append(drops, "drop "+st.told(bucket))
			for key, row := range ph.rows {
				if models.Text(row["_b"]) == bucket {
					delete(ph.rows, key)
				}
			}
		}
		slices.Sort(drops)
		out = append(out, drops...)
		out = append(out, st.changes(ph, changesText(st.t, page))...)
		ph.cursor = page.Cursor
		if page.Complete {
			break
		}
	}
	if len(out) == 0 {
		return "nothing new"
	}
	return strings.Join(out, "\n")
}

func (st *story) changes(ph *storyPhone, text []byte) []string {
	var tables map[string]map[string][]map[string]json.RawMessage
	st.must(json.Unmarshal(text, &tables))
	type line struct {
		v    int64
		text string
	}
	var lines []line
	for name, c := range tables {
		table := models.Tables.Table(name)
		for kind, rows := range c {
			for _, row := range rows {
				var l line
				st.must(json.Unmarshal(row["_v"], &l.v))
				key := rowKey{table, models.Text(row["id"])}
				ph.bases[key.id] = l.v
				l.text = name + " " + key.id + ":"
				if kind == "remove" {
					delete(ph.rows, key)
					l.text = "remove " + name + " " + key.id
				} else {
					l.text += difference(table, ph.rows[key], row)
					ph.rows[key] = row
				}
				if name != "staff" {
					lines = append(lines, l)
				}
			}
		}
	}
	slices.SortFunc(lines, func(a, b line) int { return int(a.v - b.v) })
	var out []string
	for _, l := range lines {
		words := strings.SplitN(strings.TrimPrefix(l.text, "remove "), " ", 2)
		st.rowName(words[0], strings.TrimSuffix(strings.SplitN(words[1], " ", 2)[0], ":"))
		out = append(out, st.told(l.text))
	}
	return out
}

// difference lists the fields of a row that a device did not have so, without stamps.
func difference(table *models.Table, old, row map[string]json.RawMessage) string {
	out := ""
	for _, f := range table.Fields {
		was, is := string(old[f.Name]), string(row[f.Name])
		if was == "" {
			was = "null"
		}
		if was != is && !strings.HasSuffix(f.Name, "ated_at") && !strings.HasSuffix(f.Name, "ated_by") && f.Name != "received_at" && f.Name != "mutation_id" {
			out += " " + f.Name + "=" + is
		}
	}
	if out == "" {
		return " as it was"
	}
	return out
}

func (st *story) receipts(name string) string {
	list, err := st.e.Receipts(context.Background(), st.people[name], "", 100)
	st.must(err)
	var out []string
	for _, r := range list {
		out = append(out, st.told(r.ID)+": "+r.ReceivedOn+" "+r.Status)
	}
	return strings.Join(out, "\n")
}
