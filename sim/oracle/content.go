package oracle

import (
	"encoding/json"
	"fmt"
	"time"
)

// applyingLimit is how long a server may take to apply what was deferred: its
// scheduler looks at least every 10 s.
const applyingLimit = 15 * time.Second

// Content describes a conflict without its server-made id. Of a text the contract
// does not say whether the losing lines or the whole text is kept, of a delete
// which values stand beside it.
func (c Conflict) Content() string {
	if c.Policy == "text" || c.Field == "notes" || c.Field == "note" || c.Field == "_deleted" {
		return fmt.Sprintf("conflict %s %s %s by %s", c.Table, c.ID, c.Field, c.LostBy)
	}
	return fmt.Sprintf("conflict %s %s %s by %s kept %s lost %s", c.Table, c.ID, c.Field, c.LostBy, encoded(c.Kept), encoded(c.Lost))
}

func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Expire ends all waiting: what is deferred for a day goes to quarantine.
func (o *Oracle) Expire() {
	for _, m := range o.waiting {
		o.hold(m)
	}
	o.waiting = nil
}

// Moving tells whether a deferred row was let in so lately that the server may not
// have applied it yet.
func (o *Oracle) Moving(key Key) bool { return time.Since(o.moved[key]) < applyingLimit }
