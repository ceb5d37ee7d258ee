package cadence_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pursuit/push/cadence"
)

func TestSettingsThatAreTaken(t *testing.T) {
	cases := []struct{ key, value string }{
		{"quiet_hours", `{"start":"21:30","end":"07:00"}`},
		{"quiet_hours", `{"start":"00:00","end":"00:00"}`},
		{"cadence.slo_icm", `{"weeks":[{"from":1,"to":4,"attempts":5,"channels":3,"in_person":2},{"from":6,"to":104,"attempts":1}]}`},
		{"cadence.hhp", `{"weeks":[]}`},
		{"first_attempt.hhp", `{"hours":2}`},
		{"first_attempt.tvif", `{"business_days":1}`},
		{"silence_days", `[2,4,6]`},
		{"silence_days", `{"days":[2,4,6]}`},
		{"push_cap", `5`},
		{"push_cap", `{"value":5}`},
		{"legal_hold", `true`},
		{"legal_hold", `{"on":false}`},
		{"retention_days", `2555`},
		{"retention_days", `{"days":0}`},
		{"silence_days", `null`},
	}
	for _, tc := range cases {
		if err := cadence.Validate(tc.key, json.RawMessage(tc.value)); err != nil {
			t.Errorf("%s %s: %v", tc.key, tc.value, err)
		}
	}
}

// TestSettingsThatAreRefused: each with a reason, and the reason never repeats what
// was typed.
func TestSettingsThatAreRefused(t *testing.T) {
	cases := []struct{ key, value string }{
		{"quiet_hours", `"planted"`}, {"quiet_hours", `{"start":"planted","end":"08:00"}`}, {"quiet_hours", `{"start":"24:00","end":"08:00"}`},
		{"quiet_hours", `{"start":"8:00","end":"09:00"}`}, {"quiet_hours", `{"start":"20:00"}`}, {"quiet_hours", `{"start":"20:00","end":"08:00","planted":1}`},
		{"cadence.slo_icm", `[]`}, {"cadence.slo_icm", `{}`}, {"cadence.slo_icm", `{"weeks":[{"from":3,"to":2,"attempts":1}]}`},
		{"cadence.slo_icm", `{"weeks":[{"from":1,"to":5,"attempts":1},{"from":5,"to":6,"attempts":1}]}`},
		{"cadence.slo_icm", `{"weeks":[{"from":1,"to":105,"attempts":1}]}`}, {"cadence.slo_icm", `{"weeks":[{"from":1,"to":2,"attempts":1,"channels":2}]}`},
		{"cadence.slo_icm", `{"weeks":[{"from":1,"to":2,"attempts":51}]}`}, {"cadence.slo_icm", `{"weeks":[{"from":1,"to":2,"attempts":"planted"}]}`},
		{"cadence.planted", `{"weeks":[]}`}, {"first_attempt.planted", `{"hours":1}`}, {"planted", `1`},
		{"first_attempt.hhp", `{"hours":4,"business_days":2}`}, {"first_attempt.hhp", `{}`}, {"first_attempt.hhp", `{"hours":-1}`}, {"first_attempt.hhp", `{"hours":721}`},
		{"silence_days", `[3,5]`}, {"silence_days", `[3,3,5]`}, {"silence_days", `[0,3,5]`}, {"silence_days", `[3,5,61]`}, {"silence_days", `[3,5.5,7]`}, {"silence_days", `["planted",5,7]`},
		{"push_cap", `0`}, {"push_cap", `51`}, {"push_cap", `"planted"`}, {"push_cap", `{"planted":3}`}, {"push_cap", `3}`}, {"push_cap", `3 4`},
		{"legal_hold", `"planted"`}, {"retention_days", `-1`}, {"retention_days", `{"days":null}`}, {"push_cap", ``},
		{"push_cap", `"` + strings.Repeat("planted", 4000) + `"`},
	}
	for _, tc := range cases {
		err := cadence.Validate(tc.key, json.RawMessage(tc.value))
		if err == nil {
			t.Errorf("%s %.60s: taken", tc.key, tc.value)
			continue
		}
		if text := err.Error(); strings.Contains(text, "planted") || len(text) < 15 {
			t.Errorf("%s %.60s: reason %q", tc.key, tc.value, text)
		}
	}
}

func TestOverrides(t *testing.T) {
	program := map[string]json.RawMessage{
		"silence_days": json.RawMessage(`[2,4,6]`), "push_cap": json.RawMessage(`4`), "legal_hold": json.RawMessage(`true`),
		"quiet_hours": json.RawMessage(`{"start":"22:00","end":"06:00"}`),
	}
	organisation := map[string]json.RawMessage{
		"push_cap": json.RawMessage(`3`), "silence_days": json.RawMessage(`"planted"`), "legal_hold": json.RawMessage(`false`),
		"first_attempt.hhp": json.RawMessage(`{"hours":1}`), "quiet_hours": json.RawMessage(`null`),
	}
	got, faults := cadence.Parse(program, organisation)
	want := cadence.Defaults()
	want.SilenceDays, want.PushCap, want.LegalHold = [3]int{2, 4, 6}, 3, true
	want.QuietHours = cadence.Hours{Start: 22 * time.Hour, End: 6 * time.Hour}
	want.FirstAttempt["hhp"] = cadence.Delay{Hours: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings differ (-want +got):\n%s", diff)
	}
	if len(faults) != 1 || faults[0].Key != "silence_days" || strings.Contains(faults[0].Error(), "planted") {
		t.Errorf("faults: %v", faults)
	}
}

// TestCadenceOverride: an organisation's own cadence is what its weeks are judged by.
func TestCadenceOverride(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	c.Settings, _ = cadence.Parse(nil, map[string]json.RawMessage{
		"cadence.slo_icm": json.RawMessage(`{"weeks":[{"from":1,"to":1,"attempts":1}]}`)})
	tried(t, &c, "2026-03-03 10:00", "call", "no_answer")
	got := cadence.Due(c, nil, portland(t, "2026-03-09 09:00"))
	if n := len(only(got, cadence.KindAttempt)) + len(only(got, cadence.KindInPerson)); n != 0 {
		t.Errorf("one attempt is enough here, got %d weekly reminders", n)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("quiet_hours", `{"start":"20:00","end":"08:00"}`)
	f.Add("cadence.hhp", `{"weeks":[{"from":1,"to":2,"attempts":1}]}`)
	f.Add("silence_days", `[3,5,7]`)
	f.Fuzz(func(t *testing.T, key, value string) {
		err := cadence.Validate(key, json.RawMessage(value))
		_, faults := cadence.Parse(map[string]json.RawMessage{key: json.RawMessage(value)}, nil)
		if (err == nil) != (len(faults) == 0) {
			t.Errorf("Validate says %v, Parse %v", err, faults)
		}
	})
}
