package cadence

import "time"

// dutyRoles are the roles told of what belongs to the conduct of a case and names
// nobody: the first of them that somebody holds.
func dutyRoles() []string { return []string{RoleCaseManager, RoleSupervisor, RoleWorker} }

// shortTerm: 14 days before short-term services end, in the morning.
func (v *view) shortTerm(now time.Time) []slot {
	ends, ok := v.shortTermEnd(now)
	if !ok {
		return nil
	}
	return []slot{{
		key:   v.key(ruleShortTermEnding, ends.String(), 1),
		dueAt: ends.AddDays(-shortTermNoticeDays).At(morning, v.zone),
		roles: dutyRoles(),
	}}
}

// shortTermEnd gives the date on which short-term services end, while they run.
func (v *view) shortTermEnd(now time.Time) (Date, bool) {
	if v.statusAt(now) != statusShortTerm {
		return Date{}, false
	}
	if !v.ShortTermEndsOn.IsZero() {
		return v.ShortTermEndsOn, true
	}
	var began Date
	for _, change := range v.History {
		if change.To == statusShortTerm && !change.At.After(now) {
			began = DateIn(change.At, v.zone)
		}
	}
	return began.AddDays(shortTermDays), true
}

// exceptions: an attempt through the probation officer that lacked what is wanted
// before it; due when it arrived.
func (v *view) exceptions() []slot {
	var all []slot
	for _, a := range v.Attempts {
		if a.PolicyException && !a.Deleted {
			all = append(all, slot{
				key: v.key(rulePolicyException, a.ID, Steps-1), dueAt: a.ReceivedAt,
				roles: []string{RoleSupervisor},
			})
		}
	}
	return all
}

// items: an open action item, in the morning of its date.
func (v *view) items() []slot {
	var all []slot
	for _, item := range v.Items {
		if item.DueOn.IsZero() {
			continue
		}
		all = append(all, slot{
			key:   item.key(),
			dueAt: item.DueOn.At(morning, v.zone),
			roles: dutyRoles(), user: item.OwnerID, met: !item.DoneOn.IsZero(),
		})
	}
	return all
}

// key has no service: whichever of a person's services the item is reminded of
// through, it is one reminder.
func (i ActionItem) key() Key {
	return Key{Rule: ruleActionItem, Period: i.ID + "@" + i.DueOn.String()}
}

// addressee gives who a slot is told to, and in which role; nobody if no one holds it.
func (v *view) addressee(s slot, now time.Time) (userID, role string, ok bool) {
	if s.user != "" {
		return s.user, s.roles[0], true
	}
	for _, role := range s.roles {
		if a, held := v.holder(role, s.dueAt, now); held {
			return a.UserID, role, true
		}
	}
	return "", "", false
}
