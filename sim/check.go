package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

// tracked are the tables whose rows the oracle knows one by one.
func tracked(table string) bool {
	return slices.Contains([]string{"people", "known_contacts", "referrals", "services", "contact_attempts", "errands"}, table)
}

// checkPage looks at every row of a page before the device applies it: in scope,
// of a table the role receives, and at its newest state.
func (r *Run) checkPage(d *device, page harness.Page) error {
	for table, change := range page.Changes {
		for _, row := range change.Upsert {
			d.got[oracle.Key{Table: table, ID: row.ID()}] = true
			if err := r.checkRow(d, table, row); err != nil {
				return err
			}
		}
		for _, gone := range change.Remove {
			if err := r.checkRemoval(d, table, gone); err != nil {
				return err
			}
		}
	}
	for _, bucket := range page.Drop {
		if r.holdsBucket(d, bucket) {
			return fmt.Errorf("bucket %s was dropped though it is held", bucket)
		}
	}
	return nil
}

// holdsBucket asks the oracle, which counts quarantine rows by their mutation.
func (r *Run) holdsBucket(d *device, bucket string) bool {
	if mutation, ok := r.heldRows[bucket]; ok {
		bucket = "quarantine of " + mutation
	}
	return r.oracle.Holds(d.user, bucket)
}

func (r *Run) checkRow(d *device, table string, row harness.Row) error {
	if table == "quarantine" {
		r.heldRows[row.ID()] = row.Text("mutation_id")
	}
	if !oracle.Receives(d.user.Role, table) && table != "quarantine" {
		return fmt.Errorf("leak: a %s received row %s of %s", d.user.Role, row.ID(), table)
	}
	if !r.holdsBucket(d, row.Bucket()) {
		return fmt.Errorf("leak: row %s of %s in bucket %s is out of scope", row.ID(), table, row.Bucket())
	}
	if table == "conflicts" {
		return r.bind(row)
	}
	if !tracked(table) {
		return nil
	}
	want := r.oracle.Rows[oracle.Key{Table: table, ID: row.ID()}]
	if want == nil {
		return fmt.Errorf("row %s of %s was never written", row.ID(), table)
	}
	return differs(want, row)
}

// differs compares a row on the wire, or a local one without the fields that its app
// does not know, with the oracle's.
func differs(want *oracle.Row, row harness.Row, unknown ...string) error {
	if !want.Live || row.Bucket() != want.Bucket || row.Text("created_by") != want.Author {
		return fmt.Errorf("row %s of %s: live %v, bucket %s, author %s; the wire says bucket %s, author %s",
			want.ID, want.Table, want.Live, want.Bucket, want.Author, row.Bucket(), row.Text("created_by"))
	}
	for _, field := range want.Fields() {
		if !slices.Contains(unknown, field) && !oracle.Same(want.Value(field), row[field]) {
			return fmt.Errorf("row %s of %s: %s is %q, want %q\n%s", want.ID, want.Table, field, row[field], want.Value(field), want)
		}
	}
	if want.Table == "contact_attempts" && want.Late != nil && row["late"] != *want.Late {
		return fmt.Errorf("attempt %s: late is %v, want %v", want.ID, row["late"], *want.Late)
	}
	return nil
}

// checkRemoval refuses the removal of a row that the user should see, and the
// mention of one that neither they nor their device ever had to do with.
func (r *Run) checkRemoval(d *device, table string, gone harness.Row) error {
	key := oracle.Key{Table: table, ID: gone.ID()}
	want := r.oracle.Rows[key]
	if want == nil {
		if !tracked(table) {
			return nil
		}
		return fmt.Errorf("removal of row %s of %s that never was", gone.ID(), table)
	}
	visible := r.oracle.Holds(d.user, want.Bucket) && oracle.Receives(d.user.Role, table)
	if want.Live && visible {
		return fmt.Errorf("removal of row %s of %s that is live and in scope", gone.ID(), table)
	}
	if !d.got[key] && !r.oracle.EverHeld(d.user.ID, want.Bucket) {
		return fmt.Errorf("leak: removal of row %s of %s that was never in scope", gone.ID(), table)
	}
	return nil
}

// noteSeen remembers up to which change the device has seen the rows of a page.
func (r *Run) noteSeen(d *device, page harness.Page) {
	r.markSeen(d, page)
	if len(d.queue) == 0 && page.Complete {
		d.busy = map[string]bool{}
	}
}

func (r *Run) markSeen(d *device, page harness.Page) {
	for table, change := range page.Changes {
		for _, row := range change.Upsert {
			key := oracle.Key{Table: table, ID: row.ID()}
			if want := r.oracle.Rows[key]; want != nil {
				d.seen[key] = want.Changes
			}
		}
	}
}

// view is what a user must hold, as lines that compare: one a row the oracle
// tracks, and one a row that the server makes, by its content.
func (r *Run) view(user *oracle.User) []string {
	var lines []string
	for key, row := range r.oracle.Rows {
		if tracked(key.Table) && row.Live && r.oracle.Holds(user, row.Bucket) && oracle.Receives(user.Role, key.Table) {
			lines = append(lines, key.Table+" "+key.ID)
		}
	}
	for _, other := range r.oracle.Users {
		if other.Org == user.Org {
			lines = append(lines, "staff "+other.ID+" "+other.Role)
		}
	}
	if !oracle.Receives(user.Role, "services") {
		return lines
	}
	for _, a := range r.oracle.Assignments {
		if r.oracle.Holds(user, a.Service) {
			lines = append(lines, fmt.Sprintf("assignment %s %s %s ended %v", a.Service, a.User, a.Role, a.Ended))
		}
	}
	for _, e := range r.oracle.Events {
		if r.oracle.Holds(user, e.Service) {
			lines = append(lines, fmt.Sprintf("status event %s %s>%s by %s", e.Service, e.From, e.To, e.By))
		}
	}
	for _, h := range r.oracle.Held {
		if r.oracle.Holds(user, "quarantine of "+h.ID) {
			lines = append(lines, "held "+h.ID+" "+h.State)
		}
	}
	for _, c := range r.oracle.Conflicts {
		if user.Role != oracle.Worker && r.oracle.Holds(user, c.Bucket) {
			lines = append(lines, c.Content()+" "+c.State)
		}
	}
	return lines
}

// unknown lists the fields of a table that the device's app does not know.
func (d *device) unknown(table string) []string {
	if d.App == nil {
		return nil
	}
	return d.App.Later[table]
}

// store is what a device has, in the same lines.
func (d *device) store() []string {
	var lines []string
	for table, rows := range d.Tables {
		for _, row := range rows {
			switch table {
			case "assignments":
				lines = append(lines, fmt.Sprintf("assignment %s %s %s ended %v", row.Text("service_id"), row.Text("user_id"), row.Text("role"), row["ended_at"] != nil))
			case "status_events":
				lines = append(lines, fmt.Sprintf("status event %s %s>%s by %s", row.Text("service_id"), row.Text("from"), row.Text("to"), row.Text("by")))
			case "staff":
				if row["active"] == true {
					lines = append(lines, "staff "+row.Text("user_id")+" "+row.Text("role"))
				}
			case "quarantine":
				lines = append(lines, "held "+row.Text("mutation_id")+" "+row.Text("state"))
			case "conflicts":
				lines = append(lines, contentOf(row)+" "+row.Text("state"))
			default:
				if tracked(table) {
					lines = append(lines, table+" "+row.ID())
				}
			}
		}
	}
	return lines
}

// contentOf describes a conflict row as the oracle's Content does.
func contentOf(row harness.Row) string {
	return oracle.Conflict{Key: oracle.Key{Table: row.Text("table"), ID: row.Text("row")}, Field: row.Text("field"),
		LostBy: row.Text("lost_by"), Kept: row["kept_value"], Lost: row["lost_value"]}.Content()
}

// bind ties a conflict row to the oracle's conflict with the same content.
func (r *Run) bind(row harness.Row) error {
	content := contentOf(row)
	var free *oracle.Conflict
	for _, c := range r.oracle.Conflicts {
		if c.ServerID == row.ID() {
			return nil
		}
		if c.ServerID == "" && free == nil && c.Content() == content {
			free = c
		}
	}
	if free == nil {
		text, err := json.Marshal(row)
		if err != nil {
			return fmt.Errorf("encode a conflict: %w", err)
		}
		return fmt.Errorf("a conflict that nothing explains: %s", text)
	}
	free.ServerID = row.ID()
	return nil
}

// equal compares a device that is up to date with the oracle. What was deferred
// and let in a moment ago may be missing.
func (r *Run) equal(d *device) error {
	want, have := r.viewOf(d), d.store()
	missing, surplus := minus(want, have), minus(have, want)
	missing = slices.DeleteFunc(missing, func(line string) bool {
		table, id, _ := strings.Cut(line, " ")
		return tracked(table) && r.oracle.Moving(oracle.Key{Table: table, ID: id})
	})
	if len(missing)+len(surplus) > 0 {
		return fmt.Errorf("%s lacks %d rows %q and has %d too many %q", d.name, len(missing), first(missing), len(surplus), first(surplus))
	}
	for key, row := range r.oracle.Rows {
		if local := d.Row(key.Table, key.ID); local != nil && tracked(key.Table) {
			if err := differs(row, local, d.unknown(key.Table)...); err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
		}
	}
	return nil
}

// minus answers what of a list is not in another, with multiplicity.
func minus(a, b []string) []string {
	left := map[string]int{}
	for _, one := range b {
		left[one]++
	}
	var rest []string
	for _, one := range a {
		if left[one]--; left[one] < 0 {
			rest = append(rest, one)
		}
	}
	return rest
}

func first(list []string) []string { return list[:min(3, len(list))] }
