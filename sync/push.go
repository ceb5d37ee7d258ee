package sync

import (
	"bytes"
	"encoding/json"

	"pursuit/models"
	"pursuit/models/store"
)

// foresee lists what a batch will most likely ask for.
func foresee(batch []*pending) store.Wanted {
	var list store.Wanted
	seen := map[string]bool{}
	want := func(list *[]string, id string) {
		if !seen[id] && models.ValidID(id) {
			seen[id] = true
			*list = append(*list, id)
		}
	}
	for _, p := range batch {
		want(&list.Users, p.who.UserID)
		for i := range p.items {
			it := &p.items[i]
			list.Mutations = append(list.Mutations, it.ID)
			want(&list.Rows, it.Row)
			if t := models.Tables.Table(it.Table); t != nil && t.Root == "" && it.Op == models.OpInsert && models.ValidID(it.Row) {
				list.Buckets = append(list.Buckets, it.Row)
			}
			wantParents(it, func(id string) { want(&list.Rows, id) })
		}
	}
	return list
}

// start takes over what was looked up before the first mutation.
func (w *world) start(list store.Wanted, found store.Prefetched) {
	w.seen, w.authors, w.anyWait = found.Seen, found.Authors, found.Waiting
	w.know(list.Rows, found.Rows)
	w.knowGrants(list.Buckets, found)
}

// know takes over loaded rows; of ids without a row it is known that there is none.
func (w *world) know(ids []string, rows []*models.Row) {
	for _, id := range ids {
		w.known[id] = true
	}
	for _, r := range rows {
		if key := (rowKey{r.Table, r.ID}); w.rows[key] == nil {
			w.rows[key] = &held{row: r, stored: true}
		}
	}
}

// knowGrants takes over loaded grants, of the buckets named and of those of the rows.
func (w *world) knowGrants(buckets []string, found store.Prefetched) {
	for _, b := range buckets {
		w.grants[b] = nil
	}
	for _, r := range found.Rows {
		w.grants[r.Bucket] = nil
	}
	for _, g := range found.Grants {
		w.grants[g.Bucket] = append(w.grants[g.Bucket], &grant{Grant: g})
	}
}

func wantParents(it *Item, want func(string)) {
	t := models.Tables.Table(it.Table)
	if t == nil {
		return
	}
	for _, parent := range t.Parents {
		want(models.Text(bytes.TrimSpace(it.Set[parent.Field])))
	}
}

// push runs one device's mutations in order. Its results come in the same order.
func (w *world) push(p *pending) error {
	who, err := w.author(p.who.UserID)
	if err != nil {
		return err
	}
	p.results = make([]models.Result, len(p.items))
	done := make([]bool, len(p.items))
	order := consentsFirst(p.items)
	for n, i := range order {
		if done[i] {
			continue
		}
		if p.items[i].Table == "transfers" { // the consent that it needs may have waited for its person
			if err := w.settleDeferred(); err != nil {
				return err
			}
		}
		members := []int{i}
		if group := p.items[i].Group; group != "" {
			members = groupOf(p.items, order[n:], group)
		}
		if err := w.together(p, who, members); err != nil {
			return err
		}
		for _, m := range members {
			done[m] = true
		}
	}
	return nil
}

// together runs the mutations of one group (or a single one) and logs their results.
func (w *world) together(p *pending, who models.Actor, members []int) error {
	var jobs []*job
	var places, again []int
	sent, refusedBefore := make(map[string]bool, len(members)), false
	for _, i := range members {
		if sent[p.items[i].ID] {
			again = append(again, i)
			continue
		}
		sent[p.items[i].ID] = true
		j := w.newJob(p, i, who)
		if result, replayed := w.replay(j); replayed {
			var err error
			if p.results[i], err = w.replayed(j, result); err != nil {
				return err
			}
			refusedBefore = refusedBefore || result.Status == models.StatusRejected
			continue
		}
		jobs, places = append(jobs, j), append(places, i)
	}
	verdicts, err := w.decide(jobs, p.items, places, refusedBefore)
	if err != nil {
		return err
	}
	for n, j := range jobs {
		p.results[places[n]] = verdicts[n].result
		w.remember(j, verdicts[n])
	}
	for _, i := range again { // sent twice in one group
		p.results[i], _ = w.replay(w.newJob(p, i, who))
	}
	return nil
}

// replay answers a mutation that was seen before.
func (w *world) replay(j *job) (models.Result, bool) {
	old, ok := w.seen[j.ID]
	if !ok {
		return models.Result{}, false
	}
	if !bytes.Equal(old.Hash, j.hash) && !bytes.Equal(old.Hash, spelling(j.who.UserID, j.Mutation)) {
		return models.Result{ID: j.ID, Status: models.StatusRejected, Code: models.CodeMutationIDReused,
			Message: "this id belongs to another mutation", Field: "id"}, true
	}
	result := old.Result
	result.Duplicate = true
	return result, true
}

// replayed completes the answer to a mutation whose id is another's.
func (w *world) replayed(j *job, result models.Result) (models.Result, error) {
	t := models.Tables.Table(j.Table)
	if result.Duplicate || t == nil {
		return result, nil
	}
	v, err := w.withRow(j, t, verdict{fate: refused, result: result})
	return v.result, err
}

// remember logs a mutation with its result, and keeps its text unless the row holds it,
// or soon may hold a mixture of it and others' edits.
func (w *world) remember(j *job, v verdict) {
	entry := store.LoggedMutation{ID: j.ID, Hash: j.hash, UserID: j.who.UserID, DeviceID: j.device, Row: j.Row,
		ReceivedAt: j.received.UnixMilli(), Result: v.result}
	if t := models.Tables.Table(j.Table); t != nil {
		entry.TableNo = t.No
	}
	switch {
	case v.result.Status == models.StatusRejected:
		entry.Body = rejectedBody(j)
	case v.result.Status != models.StatusApplied || mayMix(j):
		entry.Body = j.body()
	}
	w.log = append(w.log, entry)
	w.seen[j.ID] = entry
	w.undo = append(w.undo, func() {
		w.log = w.log[:len(w.log)-1]
		delete(w.seen, entry.ID)
	})
}

// rejectedBody keeps a rejected mutation as it came, for inspection.
func rejectedBody(j *job) []byte {
	if len(j.raw) == 0 {
		return j.body()
	}
	b, err := json.Marshal(map[string]json.RawMessage{"mutation": j.raw})
	if err != nil { // it was decoded from valid JSON
		return j.body()
	}
	return b
}

// wait stores a job until the row it wants arrives.
func (w *world) wait(j *job, wants, group string) {
	w.anyWait = true
	w.deferred[j.ID] = &store.Deferred{MutationID: j.ID, Wants: wants, Row: j.Row, UserID: j.who.UserID, Group: group,
		Order: j.order, Since: w.tx.Now.UnixMilli(), Body: j.body()}
}
