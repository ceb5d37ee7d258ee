package cadence

import "time"

// Tracks a service can run on (docs/domain.md, section 2).
const (
	trackSLOICM = "slo_icm"
	trackHHP    = "hhp"
	trackTVIF   = "tvif"
)

// Keys under which a program or an organisation stores its settings. The two that
// end in a dot are followed by a track.
const (
	keyQuietHours    = "quiet_hours"
	keyCadence       = "cadence."
	keyFirstAttempt  = "first_attempt."
	keySilenceDays   = "silence_days"
	keyPushCap       = "push_cap"
	keyLegalHold     = "legal_hold"
	keyRetentionDays = "retention_days"
)

// Steps is the number of escalation steps: worker, case manager, supervisor.
const Steps = 3

// Hours are daily quiet hours by the wall clock: from Start to End, across midnight
// when End is earlier. Equal ends mean no quiet hours. Both are times since midnight.
type Hours struct {
	Start, End time.Duration
}

// Band is what is asked each week from week From to week To, both counted: so many
// attempts, over at least so many channels, at least so many of them in person.
type Band struct {
	From, To                     int
	Attempts, Channels, InPerson int
}

// Delay is the time allowed for the first attempt: hours, or business days at the
// same clock time. Exactly one is set.
type Delay struct {
	Hours, BusinessDays int
}

// Settings are what a service is judged by: the defaults, overridden by the
// program's rows, overridden by the organisation's.
type Settings struct {
	QuietHours   Hours
	Cadence      map[string][]Band
	FirstAttempt map[string]Delay
	// SilenceDays are the days of 24 hours without an attempt after which the worker,
	// the case manager and the supervisor are told; growing.
	SilenceDays [Steps]int
	// PushCap is the number of pushes a person gets in a local day before the digest.
	PushCap int
	// LegalHold blocks purging. An organisation can add a hold, never lift the program's.
	LegalHold bool
	// RetentionDays is how long closed cases are kept; 0 keeps them.
	RetentionDays int
}

// Defaults gives the settings of a program that stored none.
// Source: docs/domain.md, section 5.
func Defaults() Settings {
	s := Settings{
		QuietHours:   Hours{Start: 20 * time.Hour, End: 8 * time.Hour},
		Cadence:      map[string][]Band{},
		FirstAttempt: map[string]Delay{},
		SilenceDays:  [Steps]int{3, 5, 7},
		PushCap:      8,
	}
	for _, track := range tracks() {
		s.Cadence[track] = []Band{
			{From: 1, To: 7, Attempts: 3, Channels: 2, InPerson: 1},
			{From: 8, To: 12, Attempts: 2},
			{From: 13, To: 22, Attempts: 1},
		}
		s.FirstAttempt[track] = Delay{BusinessDays: 2}
	}
	s.FirstAttempt[trackHHP] = Delay{Hours: 4}
	return s
}

func tracks() []string { return []string{trackSLOICM, trackHHP, trackTVIF} }

// bands gives the weekly demands of a track; none for a track this version does not
// know.
func (s Settings) bands(track string) []Band { return s.Cadence[track] }

// band gives what is asked in one week; none after the last band.
func (s Settings) band(track string, week int) (Band, bool) {
	for _, b := range s.bands(track) {
		if b.From <= week && week <= b.To {
			return b, b.Attempts > 0 || b.InPerson > 0
		}
	}
	return Band{}, false
}

// firstDue gives when the first attempt is due for an assignment that began at start.
func (s Settings) firstDue(track string, start time.Time, zone *time.Location) (time.Time, bool) {
	delay, known := s.FirstAttempt[track]
	switch {
	case !known:
		return time.Time{}, false
	case delay.Hours > 0:
		return start.Add(time.Duration(delay.Hours) * time.Hour), true
	default:
		return addBusinessDays(start, delay.BusinessDays, zone), true
	}
}
