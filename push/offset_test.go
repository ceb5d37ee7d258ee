package push_test

import (
	"net/http"
	"testing"
	"time"

	"pursuit/push/cadence"
	"pursuit/sim/harness"
)

const (
	offsetSteps = 32
	offsetStep  = 23 * time.Hour // so that a month's looks fall on all hours
)

// A built server lives through a month under PURSUIT_CLOCK_OFFSET, over each change of
// the clocks, started anew for each step: a case that nobody attends to is told to each
// of the three in turn, once, and never at night.
func TestMonthOfABuiltServer(t *testing.T) {
	for name, start := range map[string]time.Time{
		"spring": time.Date(2027, 2, 22, 17, 0, 0, 0, time.UTC),
		"autumn": time.Date(2027, 10, 18, 16, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			offset := time.Until(start)
			p := newProcesses(t, harness.SQLite, 1, map[string]string{"PURSUIT_CLOCK_OFFSET": offset.String()})
			tokens := p.unattended(start)
			portland, err := time.LoadLocation("America/Los_Angeles")
			p.must(err)
			for range offsetSteps {
				offset += offsetStep
				before := p.told()
				p.must(p.servers[0].Stop())
				p.servers[0].Set("PURSUIT_CLOCK_OFFSET", offset.String())
				p.must(p.servers[0].Restart(t.Context()))
				p.settled(offset)
				hour := time.Now().Add(offset).In(portland).Hour()
				if after := p.told(); after != before && (hour >= 20 || hour < 8) {
					t.Errorf("%d pushes at %d o'clock", after-before, hour)
				}
			}
			p.once(tokens)
		})
	}
}

// unattended makes a case with a worker, a case manager and a supervisor, each with a
// phone, and gives their tokens by role.
func (p *processes) unattended(now time.Time) map[string]string {
	p.t.Helper()
	ctx, of := p.t.Context(), map[string]*harness.Session{}
	tokens := map[string]string{}
	for _, role := range []string{"outreach_worker", "case_manager", "supervisor"} {
		session, err := p.program.User(ctx, role, p.program.OrgID)
		p.must(err)
		answer, err := session.JSON(ctx, http.MethodPut, "/v1/devices/current/push-token", map[string]any{"token": "token-" + role})
		p.must(err)
		if answer.Status != http.StatusNoContent {
			p.t.Fatalf("push token: status %d", answer.Status)
		}
		of[role], tokens[role] = session, "token-"+role
	}
	keeper, person, referral, service := of["case_manager"], harness.NewID(), harness.NewID(), harness.NewID()
	insert := func(table, row string, set map[string]any) harness.Mutation {
		return harness.Mutation{ID: harness.NewID(), Table: table, Row: row, Op: "insert", At: harness.At(now), Set: set}
	}
	list := []harness.Mutation{
		insert("people", person, map[string]any{"code": "K"}),
		insert("referrals", referral, map[string]any{"person_id": person, "source": "outreach", "referred_on": now.Format(time.DateOnly)}),
		insert("services", service, map[string]any{"referral_id": referral, "person_id": person, "track": "slo_icm", "org_id": p.program.OrgID}),
	}
	for _, role := range []string{"outreach_worker", "case_manager"} {
		list = append(list, insert("assignments", harness.NewID(), map[string]any{"service_id": service, "user_id": of[role].User.ID, "role": role}))
	}
	keeper.Skew = time.Until(now)
	page, err := keeper.Sync(ctx, keeper.Request(list, nil))
	p.must(err)
	for i, r := range page.Results {
		if r.Status != "applied" {
			p.t.Fatalf("mutation %d: %s %s", i, r.Status, r.Code)
		}
	}
	return tokens
}

// told counts the pushes so far, tickles aside.
func (p *processes) told() (n int) {
	for _, m := range p.fcm.Taken() {
		if m.Data["type"] != "tickle" {
			n++
		}
	}
	return n
}

// settled waits until a server has nothing left to do at its time.
func (p *processes) settled(offset time.Duration) {
	p.t.Helper()
	p.until("the server has done what was due", func() bool {
		now := time.Now().Add(offset).UnixMilli()
		return p.count(`SELECT count(*) FROM reminder_clock WHERE next_at <= $1`, now) == 0 &&
			p.count(`SELECT count(*) FROM reminder_notes WHERE state = 'waiting' AND look_at <= $1`, now) == 0 &&
			p.count(`SELECT count(*) FROM pushes WHERE state = 'planned'`) == 0
	})
}

// once holds what each phone got: somebody of each role was told, no push came twice,
// and the silence has one reminder a step.
func (p *processes) once(tokens map[string]string) {
	p.t.Helper()
	seen, got := map[string]bool{}, map[string]int{}
	for _, m := range p.fcm.Taken() {
		if m.Data["type"] == "tickle" {
			continue
		}
		if key := m.Token + m.Data["id"]; seen[key] {
			p.t.Errorf("%s was pushed twice to %s", m.Data["id"], m.Token)
		} else {
			seen[key] = true
		}
		got[m.Token]++
	}
	for role, token := range tokens {
		if got[token] == 0 {
			p.t.Errorf("the %s was told nothing in a month", role)
		}
	}
	for step := range cadence.Steps {
		if n := p.count(`SELECT count(*) FROM reminders WHERE kind = 'silence' AND escalation = $1`, step); n != 1 {
			p.t.Errorf("%d reminders of silence at step %d, want 1", n, step)
		}
	}
}
