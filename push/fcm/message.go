package fcm

import (
	"log/slog"
	"strconv"
	"strings"
	"time"

	"firebase.google.com/go/v4/messaging"

	"pursuit/push/catalog"
)

// TypeTickle is the type of a silent message: something in the device's scope changed.
const TypeTickle = "tickle"

// How long FCM keeps a message for a device that is off.
const (
	// A reminder that is older than a long weekend is seen in the app anyway.
	reminderTTL = 72 * time.Hour
	// A device that was off for a day pulls when it wakes, without being told.
	tickleTTL = 24 * time.Hour
)

// Collapse keys: of what waits for a device that is off, the last of each class is
// delivered. FCM holds at most four classes a device; these are three.
const (
	collapseReminder = "reminder"
	collapseDigest   = "digest"
	collapseTickle   = "tickle"
)

// channel is the Android notification channel that the app declares.
const channel = "reminders"

// Message is one push to one device.
type Message struct {
	// Token is the device's registration token: a secret, never logged.
	Token string
	// Type is the kind of the reminder, "digest" or "tickle".
	Type string
	// ID is the reminder's or the digest's id, a UUID; a tickle has none.
	ID string
	// Locale chooses the language of the sentence.
	Locale string
}

// Tickle makes the silent message that tells a sleeping device to sync.
func Tickle(token string) Message { return Message{Token: token, Type: TypeTickle} }

// String writes type and id, never the token.
func (m Message) String() string { return m.Type + " " + m.ID }

// GoString writes what String does, so that no way of printing shows the token.
func (m Message) GoString() string { return m.String() }

// LogValue logs type and id, never the token.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.String("type", m.Type), slog.String("id", m.ID))
}

// check refuses a message that could carry anything but a known type and a UUID.
func (m Message) check() error {
	switch {
	case m.Token == "":
		return &Fault{Kind: Rejected, Code: "no_token"}
	case m.Type == TypeTickle && m.ID == "":
		return nil
	case !knownType(m.Type):
		return &Fault{Kind: Rejected, Code: "unknown_type"}
	case !isUUID(m.ID):
		return &Fault{Kind: Rejected, Code: "bad_id"}
	}
	return nil
}

func knownType(kind string) bool {
	for _, known := range catalog.Kinds() {
		if kind == known {
			return true
		}
	}
	return false
}

// isUUID tells lower-case UUID text.
func isUUID(text string) bool {
	if len(text) != len("00000000-0000-0000-0000-000000000000") {
		return false
	}
	for i, r := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdef", r) {
			return false
		}
	}
	return true
}

// wire gives what goes to FCM.
func (m Message) wire(now time.Time) *messaging.Message {
	if m.Type == TypeTickle {
		return m.tickle(now)
	}
	return m.reminder(now)
}

// reminder shows a sentence. The id tags it on the device, so a repeat after a crash
// takes the place of the first instead of standing beside it.
func (m Message) reminder(now time.Time) *messaging.Message {
	text, ttl, collapse := catalog.Sentence(m.Locale, m.Type), reminderTTL, collapseReminder
	if m.Type == catalog.Digest {
		collapse = collapseDigest
	}
	return &messaging.Message{
		Token:        m.Token,
		Data:         map[string]string{"type": m.Type, "id": m.ID},
		Notification: &messaging.Notification{Title: text.Title, Body: text.Body},
		Android: &messaging.AndroidConfig{
			Priority: "high", CollapseKey: collapse, TTL: &ttl,
			Notification: &messaging.AndroidNotification{Tag: m.ID, ChannelID: channel, DefaultSound: true},
		},
		APNS: &messaging.APNSConfig{
			Headers: map[string]string{
				"apns-push-type": "alert", "apns-priority": "10",
				"apns-collapse-id": m.ID, "apns-expiration": expiry(now, ttl),
			},
			Payload: &messaging.APNSPayload{Aps: &messaging.Aps{Sound: "default", ThreadID: channel}},
		},
		Webpush: &messaging.WebpushConfig{
			// A topic has at most 32 characters: the id without its dashes.
			Headers: map[string]string{"TTL": seconds(ttl), "Urgency": "high",
				"Topic": strings.ReplaceAll(m.ID, "-", "")},
			Notification: &messaging.WebpushNotification{Title: text.Title, Body: text.Body, Tag: m.ID},
		},
	}
}

// tickle shows nothing. It goes with normal priority: platforms punish an app that
// spends high priority on what nobody sees, and its reminders would come late.
func (m Message) tickle(now time.Time) *messaging.Message {
	ttl := tickleTTL
	return &messaging.Message{
		Token:   m.Token,
		Data:    map[string]string{"type": TypeTickle},
		Android: &messaging.AndroidConfig{Priority: "normal", CollapseKey: collapseTickle, TTL: &ttl},
		APNS: &messaging.APNSConfig{
			Headers: map[string]string{
				"apns-push-type": "background", "apns-priority": "5",
				"apns-collapse-id": collapseTickle, "apns-expiration": expiry(now, ttl),
			},
			Payload: &messaging.APNSPayload{Aps: &messaging.Aps{ContentAvailable: true}},
		},
		Webpush: &messaging.WebpushConfig{
			Headers: map[string]string{"TTL": seconds(ttl), "Urgency": "normal", "Topic": collapseTickle},
		},
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

func expiry(now time.Time, ttl time.Duration) string {
	return strconv.FormatInt(now.Add(ttl).Unix(), 10)
}
