package cadence

import (
	"bytes"
	"encoding/json"
	"io"
	"sort"
	"strings"
	"time"
)

// Limits of a setting's value: wide enough for any programme, narrow enough that a
// typing error is caught and no loop over weeks or days runs long.
const (
	maxValueBytes    = 16 << 10
	maxBands         = 20
	maxWeek          = 104
	maxWeekAttempts  = 50
	maxChannels      = 7
	maxFirstHours    = 720
	maxBusinessDays  = 30
	maxSilenceDays   = 60
	maxPushCap       = 50
	maxRetentionDays = 36500
)

// Fault says why one setting was not taken. Text never repeats the value, nor a key
// that is not one of ours.
type Fault struct {
	Key    string
	Reason string
}

// Error writes the key, when it is a known one, and the reason.
func (f Fault) Error() string {
	if f.Key == "" {
		return f.Reason
	}
	return f.Key + ": " + f.Reason
}

// Parse reads the rows of the program and of an organisation, key to JSON value,
// over the defaults. The organisation's row of a key replaces the program's whole;
// a legal hold holds if either has one. A value of null counts as no row.
//
// Parse never fails: a row that cannot be used leaves the wider one in force and is
// named in the faults, in the order of keys.
func Parse(program, organisation map[string]json.RawMessage) (Settings, []Fault) {
	s := Defaults()
	var faults []Fault
	for _, rows := range []map[string]json.RawMessage{program, organisation} {
		held := s.LegalHold
		for _, key := range sortedKeys(rows) {
			if err := s.set(key, rows[key]); err != nil {
				faults = append(faults, *err)
			}
		}
		s.LegalHold = s.LegalHold || held
	}
	return s, faults
}

// Validate tells whether a value may be stored under a key; the error is a Fault.
func Validate(key string, value json.RawMessage) error {
	s := Defaults()
	if fault := s.set(key, value); fault != nil {
		return *fault
	}
	return nil
}

func sortedKeys(rows map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(rows))
	for key := range rows {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// set takes one row into s, or leaves s as it was and says why.
func (s *Settings) set(key string, value json.RawMessage) *Fault {
	value = bytes.TrimSpace(value)
	if len(value) > maxValueBytes {
		return &Fault{knownKey(key), "the value is longer than 16 KiB"}
	}
	if knownKey(key) == "" {
		return &Fault{"", "not the key of a setting"}
	}
	if string(value) == "null" {
		return nil
	}
	if reason := s.read(key, value); reason != "" {
		return &Fault{key, reason}
	}
	return nil
}

func (s *Settings) read(key string, value json.RawMessage) string {
	switch key {
	case keyQuietHours:
		return readHours(value, &s.QuietHours)
	case keySilenceDays:
		return readSilence(value, &s.SilenceDays)
	case keyPushCap:
		return readWhole(inner(value, "pushes"), 1, maxPushCap, "push_cap must be a whole number from 1 to 50", &s.PushCap)
	case keyRetentionDays:
		return readWhole(inner(value, "days"), 0, maxRetentionDays,
			"retention_days must be a whole number of days from 0 (keep) to 36500", &s.RetentionDays)
	case keyLegalHold:
		return readHold(value, &s.LegalHold)
	}
	if track, ok := strings.CutPrefix(key, keyCadence); ok {
		return readBands(value, track, s.Cadence)
	}
	return readDelay(value, strings.TrimPrefix(key, keyFirstAttempt), s.FirstAttempt)
}

// knownKey gives the key back if it is one of ours, else nothing, so that a fault
// never carries what somebody typed into a key.
func knownKey(key string) string {
	switch key {
	case keyQuietHours, keySilenceDays, keyPushCap, keyLegalHold, keyRetentionDays:
		return key
	}
	for _, track := range tracks() {
		if key == keyCadence+track || key == keyFirstAttempt+track {
			return key
		}
	}
	return ""
}

// inner takes a value out of an object with the single member name or "value", so
// that clients which can only store objects may wrap a number or a list.
func inner(value json.RawMessage, name string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) != nil || len(object) != 1 {
		return value
	}
	for _, member := range []string{name, "value"} {
		if wrapped, ok := object[member]; ok {
			return bytes.TrimSpace(wrapped)
		}
	}
	return value
}

// strict decodes exactly one value without unknown members.
func strict(value json.RawMessage, into any) bool {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.DisallowUnknownFields()
	if decoder.Decode(into) != nil {
		return false
	}
	_, err := decoder.Token()
	return err == io.EOF
}

func readHours(value json.RawMessage, into *Hours) string {
	const reason = `quiet_hours must be an object {"start": "HH:MM", "end": "HH:MM"} with times from 00:00 to 23:59`
	var given struct{ Start, End *string }
	if !strict(value, &given) || given.Start == nil || given.End == nil {
		return reason
	}
	hours, err := ParseHours(*given.Start, *given.End)
	if err != nil {
		return reason
	}
	*into = hours
	return ""
}

// ParseHours reads quiet hours from two times of the form HH:MM; the error is a
// Fault that does not repeat them.
func ParseHours(start, end string) (Hours, error) {
	from, fromOK := parseClock(start)
	to, toOK := parseClock(end)
	if !fromOK || !toOK {
		return Hours{}, Fault{keyQuietHours, "times must be written HH:MM, from 00:00 to 23:59"}
	}
	return Hours{Start: from, End: to}, nil
}

func parseClock(text string) (time.Duration, bool) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}

func readSilence(value json.RawMessage, into *[Steps]int) string {
	const reason = "silence_days must be three growing whole numbers of days from 1 to 60"
	var days []int
	if !strict(inner(value, "days"), &days) || len(days) != Steps {
		return reason
	}
	previous := 0
	for _, day := range days {
		if day <= previous || day > maxSilenceDays {
			return reason
		}
		previous = day
	}
	copy(into[:], days)
	return ""
}

func readWhole(value json.RawMessage, low, high int, reason string, into *int) string {
	var number *int
	if !strict(value, &number) || number == nil || *number < low || *number > high {
		return reason
	}
	*into = *number
	return ""
}

func readHold(value json.RawMessage, into *bool) string {
	var held *bool
	if !strict(inner(value, "on"), &held) || held == nil {
		return `legal_hold must be true or false, or an object {"on": true}`
	}
	*into = *held
	return ""
}

func readDelay(value json.RawMessage, track string, into map[string]Delay) string {
	const reason = `first_attempt must be {"hours": 1 to 720} or {"business_days": 1 to 30}`
	var given struct {
		Hours        int `json:"hours"`
		BusinessDays int `json:"business_days"`
	}
	if !strict(value, &given) || (given.Hours == 0) == (given.BusinessDays == 0) {
		return reason
	}
	if given.Hours < 0 || given.Hours > maxFirstHours || given.BusinessDays < 0 || given.BusinessDays > maxBusinessDays {
		return reason
	}
	into[track] = Delay{Hours: given.Hours, BusinessDays: given.BusinessDays}
	return ""
}

func readBands(value json.RawMessage, track string, into map[string][]Band) string {
	const shape = `cadence must be {"weeks": [{"from", "to", "attempts", "channels", "in_person"}, …]} with whole numbers`
	var given struct {
		Weeks *[]struct {
			From     int `json:"from"`
			To       int `json:"to"`
			Attempts int `json:"attempts"`
			Channels int `json:"channels"`
			InPerson int `json:"in_person"`
		} `json:"weeks"`
	}
	if !strict(value, &given) || given.Weeks == nil {
		return shape
	}
	if len(*given.Weeks) > maxBands {
		return "cadence has more than 20 entries"
	}
	bands, last := make([]Band, 0, len(*given.Weeks)), 0
	for _, w := range *given.Weeks {
		if w.From <= last || w.To < w.From || w.To > maxWeek {
			return "cadence entries must follow each other without overlap, from week 1 to week 104 at most"
		}
		if w.Attempts < 0 || w.Attempts > maxWeekAttempts || w.Channels < 0 || w.Channels > min(maxChannels, w.Attempts) ||
			w.InPerson < 0 || w.InPerson > w.Attempts {
			return "cadence asks at most 50 attempts a week, and no more channels or visits than attempts"
		}
		bands, last = append(bands, Band(w)), w.To
	}
	into[track] = bands
	return ""
}
