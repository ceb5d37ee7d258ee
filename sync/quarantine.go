package sync

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"pursuit/models"
	"pursuit/sync/scope"
)

func millis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// quarantine keeps a mutation that its author may not make now, where the author and
// the supervisors of their organisation see it: that through which they held the case,
// wherever they are now.
func (w *world) quarantine(j *job, reason string) error {
	row := models.NewRow(models.Tables.Table("quarantine"), models.DerivedID(j.ID, "quarantine"))
	row.Bucket = row.ID
	row.PutText("mutation_id", j.ID)
	row.PutText("table", j.Table)
	row.PutText("row", j.Row)
	row.PutText("op", string(j.Op))
	set, err := readable(j.Set)
	if err != nil {
		return fmt.Errorf("keep mutation %s: %w", j.ID, err)
	}
	if j.Set != nil {
		row.Put("set", set)
	}
	row.PutText("reason", reason)
	row.PutText("by", j.who.UserID)
	row.Put("at", models.TimeValue(j.at))
	row.PutText("state", "open")
	w.serverRow(j, row)
	org, err := w.heldThrough(j)
	if err != nil {
		return err
	}
	if j.who.OrgKind != models.OrgLawEnforcement || org == j.who.OrgID {
		if err := w.give(j.who.UserID, row.ID, models.SourceQuarantine); err != nil {
			return err
		}
	}
	return w.give(org, row.ID, models.SourceQuarantine)
}

// heldThrough gives the organisation as whose member the author of a mutation last held
// the bucket that it writes in; for a bucket that is not known or was never theirs their
// present one, and the lead organisation for a referral partner, who is shown nothing.
func (w *world) heldThrough(j *job) (string, error) {
	t := models.Tables.Table(j.Table)
	if t != nil {
		bucket, err := w.bucketOf(j, t)
		if err != nil {
			return "", err
		}
		grants, err := w.grantsOf(bucket)
		if err != nil {
			return "", err
		}
		past, err := w.memberships(j.who.UserID)
		if err != nil {
			return "", err
		}
		if org := scope.HeldThrough(j.who.UserID, grants, past); org != "" {
			return org, nil
		}
	}
	if j.who.Role == models.RoleReferralPartner {
		return w.leadOrg()
	}
	return j.who.OrgID, nil
}

// readable writes what a mutation sets so that every reader of JSON takes it: halves of
// surrogate pairs, which some refuse, become U+FFFD as in stored rows. Numbers keep their
// spelling.
func readable(set map[string]json.RawMessage) (json.RawMessage, error) {
	sent, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	var values map[string]any
	numbers := json.NewDecoder(bytes.NewReader(sent))
	numbers.UseNumber()
	if err := numbers.Decode(&values); err != nil {
		return nil, err
	}
	return json.Marshal(values)
}

// release applies a quarantined mutation as its author's, with its first time.
func (w *world) release(by *job, old, row *models.Row) (*models.Rejection, error) {
	if old == nil || row.Text("state") != "released" || old.Text("state") == "released" {
		return nil, nil
	}
	body, err := w.loggedBody(row.Text("mutation_id"))
	if err != nil {
		return nil, err
	}
	if body == nil {
		return models.Reject(models.CodeRowGone, "state", "the mutation is not kept any more"), nil
	}
	author, err := w.author(row.Text("by"))
	if err != nil {
		return nil, err
	}
	j, err := revive(body, author)
	if err != nil {
		return nil, fmt.Errorf("read kept mutation: %w", err)
	}
	j.released, j.releaser = true, by.who
	v, err := w.applyReleased(j)
	if err != nil {
		return nil, err
	}
	switch v.fate {
	case applied:
		return nil, nil
	case refused:
		return models.Reject(v.result.Code, "state", "the mutation cannot be applied: "+v.result.Message), nil
	}
	return models.Reject(models.CodeRowGone, "state", "the mutation cannot be applied: what it hangs on is not here"), nil
}

// releasable tells whether a released mutation may write in a bucket: its author held
// it once, or who releases it holds it now. Nobody lets themselves in: what grants the
// bucket anew, a service, is released by those alone who hold it.
func (w *world) releasable(j *job, bucket string) (bool, error) {
	a, err := w.accessOf(j, bucket)
	if err != nil {
		return false, err
	}
	if grants := j.Op == models.OpInsert && j.Table == "services"; a.Ever() && !grants {
		return true, nil
	}
	a, err = w.access(j.releaser, bucket)
	return a.Now, err
}
