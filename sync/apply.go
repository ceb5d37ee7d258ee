package sync

import (
	"encoding/json"

	"pursuit/models"
	"pursuit/sync/merge"
	"pursuit/sync/scope"
)

// apply decides one mutation and changes the world by it. A fate other than applied
// leaves the world as it was.
func (w *world) apply(j *job, fault *models.Rejection) (verdict, error) {
	t, rejection := j.frame(fault)
	if rejection != nil && t == nil {
		return rejected(j, rejection), nil
	}
	if rejection != nil {
		return w.withRow(j, t, rejected(j, rejection))
	}
	if err := w.redirect(j, t); err != nil {
		return verdict{}, err
	}
	allowed := scope.May(j.who.Role, t.Name, j.Op)
	values, rejection := j.values(t)
	if !allowed {
		v, err := w.forbidden(j, t, rejection)
		if err != nil {
			return v, err
		}
		return w.withRow(j, t, v)
	}
	if rejection != nil {
		return w.withRow(j, t, rejected(j, rejection))
	}
	steps, seq := w.mark()
	var v verdict
	var err error
	switch j.Op {
	case models.OpInsert:
		v, err = w.insert(j, t, values)
	case models.OpPatch:
		v, err = w.patch(j, t, values)
	default:
		v, err = w.remove(j, t)
	}
	if err != nil {
		return v, err
	}
	if v.fate != applied {
		w.rollback(steps, seq)
		return w.withRow(j, t, v)
	}
	return v, nil
}

// withRow adds the row's present state to a rejection, when its author may see it. A
// referral partner is answered without rows, whatever they hold: behind the wall there
// is nothing to go back to.
func (w *world) withRow(j *job, t *models.Table, v verdict) (verdict, error) {
	if v.fate != refused || t.HiddenFrom(j.who.Role) || j.who.Role == models.RoleReferralPartner || !models.ValidID(j.Row) {
		return v, nil
	}
	row, err := w.live(t, j.Row)
	if err != nil || row == nil {
		return v, err
	}
	seen, err := w.sees(j.who, row)
	if seen {
		v.result.Row, v.result.V = row.Doc(), row.V
	}
	return v, err
}

// sees tells whether a person receives the row in a pull.
func (w *world) sees(who models.Actor, row *models.Row) (bool, error) {
	if row.Table.HiddenFrom(who.Role) {
		return false, nil
	}
	if row.Bucket == who.OrgID || row.Bucket == w.tx.Program.ID {
		return true, nil
	}
	if !who.Role.HoldsCases() {
		return false, nil
	}
	access, err := w.access(who, row.Bucket)
	return access.Now, err
}

// forbidden refuses by role, alike for every row. Only who once had the right role
// and held the case keeps what they wrote then, in quarantine.
func (w *world) forbidden(j *job, t *models.Table, fault *models.Rejection) (verdict, error) {
	no := rejected(j, models.Reject(models.CodeForbidden, "op", "this role may not do this to this table"))
	if fault != nil {
		return no, nil
	}
	past, err := w.memberships(j.who.UserID)
	if err != nil {
		return no, err
	}
	for _, m := range past {
		if m.To == models.Forever || !scope.May(m.Role, t.Name, j.Op) {
			continue
		}
		bucket, err := w.bucketOf(j, t)
		if err != nil || bucket == "" {
			return no, err
		}
		access, err := w.access(j.who, bucket)
		if err == nil && access.Ever() {
			return quarantined(j, reasonRole), nil
		}
		return no, err
	}
	return no, nil
}

// bucketOf finds the bucket a mutation would write in, "" when it is not known.
func (w *world) bucketOf(j *job, t *models.Table) (string, error) {
	if row, err := w.row(t, j.Row); row != nil || err != nil {
		if row == nil {
			return "", err
		}
		return row.Bucket, nil
	}
	if len(t.Parents) == 0 {
		return "", nil
	}
	parent, err := w.row(models.Tables.Table(t.Parents[0].Table), models.Text(j.Set[t.Parents[0].Field]))
	if err != nil || parent == nil {
		return "", err
	}
	return parent.Bucket, nil
}

// insert makes a new row.
func (w *world) insert(j *job, t *models.Table, values map[int]json.RawMessage) (verdict, error) {
	existing, err := w.row(t, j.Row)
	if err != nil {
		return verdict{}, err
	}
	if existing != nil {
		return rejected(j, models.Reject(models.CodeRowExists, "row", "there is such a row already")), nil
	}
	if t.Root == "" && t.Name != "settings" {
		if taken, err := w.bucketTaken(j.Row); err != nil || taken {
			return rejected(j, models.Reject(models.CodeRowExists, "row", "there is such a row already")), err
		}
	}
	parents, late, v, err := w.parents(j, t, values)
	if err != nil || v.fate != applied {
		return v, err
	}
	row := models.NewRow(t, j.Row)
	for i, value := range values {
		row.Values[i] = value
	}
	rejection, err := w.complete(j, row, parents, late)
	if err != nil || rejection != nil {
		return refuse(j, rejection), err
	}
	rejection = scope.Check(scope.Write{Who: j.who, Op: j.Op, Table: t, Values: values,
		Parent: func(field string) *models.Row { return parents[field] }})
	if rejection != nil {
		return rejected(j, rejection), nil
	}
	row.V = w.tx.Next()
	row.Meta.Wrote(j.writer(row.V))
	w.stamp(j, row, true)
	w.put(row)
	if rejection, err = w.effects(j, nil, row); err != nil || rejection != nil {
		return refuse(j, rejection), err
	}
	return w.done(j, row, merge.Outcome{Row: row})
}

func refuse(j *job, r *models.Rejection) verdict {
	if r == nil {
		return verdict{}
	}
	return rejected(j, r)
}

// patch changes fields of a row.
func (w *world) patch(j *job, t *models.Table, values map[int]json.RawMessage) (verdict, error) {
	row, v, err := w.target(j, t)
	if err != nil || v.fate != applied {
		return v, err
	}
	if err := w.rebase(j, row); err != nil {
		return verdict{}, err
	}
	seen, err := w.knownTo(j, row)
	if err != nil {
		return verdict{}, err
	}
	rejection, err := w.normalise(j, row, seen, values)
	if err != nil || rejection != nil {
		return refuse(j, rejection), err
	}
	edit := merge.Edit{Values: values, Base: j.Base, Before: seen, By: j.writer(w.tx.Seq() + 1), Joined: j.joined, Assumed: assumed(j, t)}
	if rejection := scope.Check(scope.Write{Who: j.who, Op: j.Op, Table: t, Row: row, Values: values,
		Unseen: unseenStatus(j, row), Seen: seen}); rejection != nil {
		return rejected(j, rejection), nil
	}
	if edit.Own, err = w.own(row, edit); err != nil {
		return verdict{}, err
	}
	if edit.Woven, err = w.woven(row, edit); err != nil {
		return verdict{}, err
	}
	var out merge.Outcome
	if row.Deleted && t.Name == "settings" {
		if taken, err := w.settingTaken(row); err != nil || taken {
			return gone(j), err
		}
	}
	if row.Deleted {
		var stands bool
		if out, stands, rejection = merge.Revive(row, edit); !stands {
			return gone(j), nil
		}
	} else {
		out, rejection = merge.Fields(row, edit)
	}
	if rejection != nil {
		return rejected(j, rejection), nil
	}
	return w.store(j, row, out)
}

// remove deletes a row.
func (w *world) remove(j *job, t *models.Table) (verdict, error) {
	row, v, err := w.target(j, t)
	if err != nil || v.fate != applied {
		return v, err
	}
	if err := w.rebase(j, row); err != nil {
		return verdict{}, err
	}
	if row.Deleted {
		return w.done(j, row, merge.Outcome{Row: row})
	}
	if rejection := scope.Check(scope.Write{Who: j.who, Op: j.Op, Table: t, Row: row}); rejection != nil {
		return rejected(j, rejection), nil
	}
	return w.store(j, row, merge.Delete(row, j.Base, j.writer(w.tx.Seq()+1)))
}

// store puts a merged row and its conflicts into the world.
func (w *world) store(j *job, old *models.Row, out merge.Outcome) (verdict, error) {
	if len(out.Changed) > 0 {
		out.Row.V = w.tx.Next()
		derive(out.Row)
		w.stamp(j, out.Row, false)
		w.put(out.Row)
		if rejection, err := w.effects(j, old, out.Row); err != nil || rejection != nil {
			return refuse(j, rejection), err
		}
	} else if out.Row.V > old.V { // the sign of an edit that lost
		out.Row.V = w.tx.Next()
		w.put(out.Row)
	}
	return w.done(j, out.Row, out)
}

// done writes the conflicts of an outcome and makes its result.
func (w *world) done(j *job, row *models.Row, out merge.Outcome) (verdict, error) {
	v := verdict{result: models.Result{ID: j.ID, Status: models.StatusApplied, V: row.V}}
	for _, c := range out.Conflicts {
		id, err := w.conflict(j, row, c)
		if err != nil {
			return v, err
		}
		v.result.Conflicts = append(v.result.Conflicts, id)
	}
	if out.Merged || j.from != "" && j.who.Role.HoldsCases() {
		v.result.Status = models.StatusMerged
		v.result.Row = row.Doc()
		if v.result.Conflicts == nil {
			v.result.Conflicts = []string{}
		}
	}
	return v, nil
}

func gone(j *job) verdict {
	return rejected(j, models.Reject(models.CodeRowGone, "row", "there is no such row for you"))
}

// stamp writes who touched the row and when.
func (w *world) stamp(j *job, row *models.Row, made bool) {
	who, now := models.Quote(j.who.UserID), models.TimeValue(w.tx.Now)
	if made {
		row.Put("created_by", who)
		row.Put("created_at", now)
	}
	row.Put("updated_by", who)
	row.Put("updated_at", now)
}
