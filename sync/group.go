package sync

import "pursuit/models"

// groupOf lists the places of the mutations of a group, in order.
func groupOf(items []Item, order []int, group string) []int {
	var out []int
	for _, i := range order {
		if items[i].Group == group {
			out = append(out, i)
		}
	}
	return out
}

// decide applies the jobs of a group, all or none; none when a member was refused
// before. The result of a job that could not be applied is in its verdict.
func (w *world) decide(jobs []*job, items []Item, places []int, failed bool) ([]verdict, error) {
	steps, seq := w.mark()
	verdicts, worst, err := w.inTurn(jobs, func(n int) *models.Rejection { return items[places[n]].Fault })
	if err != nil {
		return nil, err
	}
	if failed {
		worst = refused
	}
	if (len(jobs) > 1 || failed) && worst != applied {
		w.rollback(steps, seq)
		w.fateOfAll(jobs, verdicts, worst)
		if err := w.rowsAsTheyStand(jobs, verdicts); err != nil {
			return nil, err
		}
	}
	return verdicts, w.keepAll(jobs, verdicts)
}

// turnsMax is how often the members of a group that wait for one another are tried: a
// lot in the wrong order from attempt to person needs four.
const turnsMax = 8

// inTurn applies the jobs of a group in order, but transfers, which need a consent, after
// the others. Those that wait are tried again after the others, as long as that sets some
// free: a member may bring what an earlier one needs.
func (w *world) inTurn(jobs []*job, fault func(n int) *models.Rejection) ([]verdict, fate, error) {
	verdicts := make([]verdict, len(jobs))
	var others, transfers []int
	for n, j := range jobs {
		if j.Table == "transfers" {
			transfers = append(transfers, n)
		} else {
			others = append(others, n)
		}
	}
	for _, turn := range [][]int{others, transfers} {
		if err := w.tryAll(jobs, turn, verdicts, fault); err != nil {
			return nil, refused, err
		}
	}
	worst := applied
	for _, v := range verdicts {
		worst = max(worst, v.fate)
	}
	return verdicts, worst, nil
}

// tryAll applies jobs of a group until none that waits is set free any more.
func (w *world) tryAll(jobs []*job, left []int, verdicts []verdict, fault func(n int) *models.Rejection) error {
	for range turnsMax {
		var waiting []int
		for _, n := range left {
			v, err := w.apply(jobs[n], fault(n))
			if err != nil {
				return err
			}
			if verdicts[n] = v; v.fate == waits {
				waiting = append(waiting, n)
			}
		}
		if len(waiting) == 0 || len(waiting) == len(left) {
			break
		}
		left = waiting
	}
	return nil
}

// rowsAsTheyStand gives the rejected members of a group that was undone the rows as
// they are without the group.
func (w *world) rowsAsTheyStand(jobs []*job, verdicts []verdict) error {
	for n, j := range jobs {
		t := models.Tables.Table(j.Table)
		if t == nil || verdicts[n].fate != refused {
			continue
		}
		verdicts[n].result.Row, verdicts[n].result.V = nil, 0
		var err error
		if verdicts[n], err = w.withRow(j, t, verdicts[n]); err != nil {
			return err
		}
	}
	return nil
}

// fateOfAll gives every member of a group the group's fate.
func (w *world) fateOfAll(jobs []*job, verdicts []verdict, worst fate) {
	wants := ""
	for _, v := range verdicts {
		if v.fate == waits {
			wants = v.wants
			break
		}
	}
	for n, j := range jobs {
		switch {
		case worst == refused && verdicts[n].fate != refused:
			verdicts[n] = rejected(j, models.Reject(models.CodeGroupFailed, "group", "another mutation of the group was rejected"))
		case worst == isolated && verdicts[n].fate != isolated:
			verdicts[n] = quarantined(j, reasonGroup)
		case worst == waits:
			if verdicts[n].wants != "" {
				wants = verdicts[n].wants
			}
			verdicts[n] = deferred(j, wants)
		}
	}
}

// keepAll stores the jobs that wait or stand in quarantine.
func (w *world) keepAll(jobs []*job, verdicts []verdict) error {
	for n, j := range jobs {
		switch v := verdicts[n]; v.fate {
		case waits:
			w.wait(j, v.wants, jobs[0].ID)
		case isolated:
			if err := w.quarantine(j, v.reason); err != nil {
				return err
			}
		}
	}
	return nil
}
