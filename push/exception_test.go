package push_test

import (
	"testing"
	"time"

	"pursuit/models"
	"pursuit/push/cadence"
)

// The supervisor's reminder of a last resort that came too early follows the mark,
// whatever comes late: it goes when what was missing arrives, comes back when some of
// it goes, and goes with the attempt.
func TestTheReminderOfAnExceptionFollowsTheMark(t *testing.T) {
	onBoth(t, func(sc *scene) {
		service := sc.pursue("hhp")
		person := ""
		sc.must(sc.store.SQLDB().QueryRow(`SELECT person_id FROM services WHERE id = '` + service + `'`).Scan(&person))
		state := func() string {
			sc.forward(time.Minute)
			for _, r := range sc.reminders(service) {
				if r.kind == cadence.KindPolicyException {
					return r.state
				}
			}
			return "none"
		}
		step := func(what, want string) {
			sc.t.Helper()
			if got := state(); got != want {
				sc.t.Errorf("%s: the reminder is %s, want %s", what, got, want)
			}
		}
		sc.insert(sc.supervisor, "action_items", map[string]any{"person_id": person, "kind": models.ActionApproval, "text": "yes"})
		began := sc.clock()
		sc.now.Add((25 * 24 * time.Hour).Milliseconds())
		attempt := func(channel string, at time.Time) string {
			return sc.insert(sc.worker, "contact_attempts", map[string]any{"service_id": service, "channel": channel, "outcome": "no_answer",
				"occurred_at": models.FormatTime(at)})
		}
		officer := attempt(models.ChannelProbationOfficer, sc.clock())
		step("before anything else was tried", cadence.StatePending)
		earlier := ""
		for n, channel := range []string{"call", "text", "in_person_visit", "family_friends_known_contacts", "current_participant", "social_media", "call", "text"} {
			earlier = attempt(channel, began.Add(time.Duration(n+1)*time.Hour))
		}
		step("when all came", cadence.StateDone)
		sc.send(sc.worker, models.OpDelete, "contact_attempts", earlier, models.Forever, nil)
		step("when one of them went", cadence.StatePending)
		sc.send(sc.worker, models.OpDelete, "contact_attempts", officer, models.Forever, nil)
		step("when the attempt itself went", cadence.StateDone)
	})
}
