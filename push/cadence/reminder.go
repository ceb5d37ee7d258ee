package cadence

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kinds of reminder rows (docs/domain.md, section 2).
const (
	KindFirstAttempt    = "first_attempt_due"
	KindAttempt         = "attempt_due"
	KindInPerson        = "in_person_due"
	KindSilence         = "silence"
	KindReview          = "review"
	KindShortTermEnding = "short_term_ending"
	KindPolicyException = "policy_exception"
	KindManual          = "manual"
)

// States of a reminder row; the further along wins a merge.
const (
	StatePending   = "pending"
	StateSnoozed   = "snoozed"
	StateCancelled = "cancelled"
	StateDone      = "done"
)

// Rules, each of which makes reminders of one kind.
const (
	ruleFirstAttempt    = "first_attempt"
	ruleWeeklyAttempts  = "weekly_attempts"
	ruleWeeklyInPerson  = "weekly_in_person"
	ruleSilence         = "silence"
	ruleReviewDay90     = "review_day_90"
	ruleReviewMonth5    = "review_month_5"
	ruleShortTermEnding = "short_term_ending"
	rulePolicyException = "policy_exception"
	ruleActionItem      = "action_item"
)

// kindOf gives the kind of row that a rule makes; an action item has no kind of its
// own on the wire and shows as a manual reminder.
func kindOf(rule string) string {
	switch rule {
	case ruleFirstAttempt:
		return KindFirstAttempt
	case ruleWeeklyAttempts:
		return KindAttempt
	case ruleWeeklyInPerson:
		return KindInPerson
	case ruleSilence:
		return KindSilence
	case ruleReviewDay90, ruleReviewMonth5:
		return KindReview
	case ruleShortTermEnding:
		return KindShortTermEnding
	case rulePolicyException:
		return KindPolicyException
	}
	return KindManual
}

// pursuitRule tells the rules that hold only while the service is in pursuit.
func pursuitRule(rule string) bool {
	switch rule {
	case ruleFirstAttempt, ruleWeeklyAttempts, ruleWeeklyInPerson, ruleSilence, ruleReviewDay90, ruleReviewMonth5:
		return true
	}
	return false
}

// Key names one reminder for ever: which service, which rule, which period of it and
// which escalation. Two servers, or one server twice, make the same key. The key of
// an action item has no service, because the item belongs to the person.
type Key struct {
	Service, Rule, Period string
	Step                  int
}

// ErrKey says that a text is not a key.
var ErrKey = errors.New("not the key of a reminder")

// String writes the key for storing; ParseKey reads it back.
func (k Key) String() string {
	return strings.Join([]string{k.Service, k.Rule, k.Period, strconv.Itoa(k.Step)}, "/")
}

// ParseKey reads what String wrote; anything else is ErrKey.
func ParseKey(text string) (Key, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 4 {
		return Key{}, ErrKey
	}
	step, err := strconv.Atoi(parts[3])
	if err != nil || step < 0 || step >= Steps {
		return Key{}, ErrKey
	}
	return Key{Service: parts[0], Rule: parts[1], Period: parts[2], Step: step}, nil
}

// ID gives the row id of the reminder: a UUID made from the key (version 5), so that
// even two servers that raise it at the same instant insert the same row.
func (k Key) ID() string { return NameID("reminder", k.String()) }

// NameID makes a UUID (version 5, SHA-1) from words; the same words give the same id.
func NameID(words ...string) string {
	sum := sha1.Sum([]byte("pursuit\x00" + strings.Join(words, "\x00")))
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// group names the reminders of a service of which only the latest stands; empty for
// those that stand each on its own.
func (k Key) group() string {
	switch k.Rule {
	case ruleReviewDay90, ruleReviewMonth5:
		return KindReview
	case ruleSilence:
		return ruleSilence + strconv.Itoa(k.Step)
	case ruleActionItem, rulePolicyException:
		return ""
	}
	return k.Rule
}

// Reminder is one that has fallen due and is to be stored.
type Reminder struct {
	Key        Key
	ServiceID  string
	Kind       string
	DueAt      time.Time
	UserID     string
	Role       string
	Escalation int
}

// instantLayout writes an instant into a key's period without a slash.
const instantLayout = "20060102T150405.000Z"

func periodOf(t time.Time) string { return t.UTC().Format(instantLayout) }
