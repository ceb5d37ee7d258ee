package fcmtest

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// wire is the part of FCM's message that the sender uses. Unknown members are refused,
// as FCM refuses them.
type wire struct {
	Message struct {
		Token        string            `json:"token"`
		Data         map[string]string `json:"data"`
		Notification *struct {
			Title string `json:"title"`
			Body  string `json:"body"`
		} `json:"notification"`
		Android *struct {
			CollapseKey  string `json:"collapse_key"`
			Priority     string `json:"priority"`
			TTL          string `json:"ttl"`
			Notification *struct {
				Tag          string `json:"tag"`
				ChannelID    string `json:"channel_id"`
				DefaultSound bool   `json:"default_sound"`
			} `json:"notification"`
		} `json:"android"`
		APNS *struct {
			Headers map[string]string `json:"headers"`
			Payload json.RawMessage   `json:"payload"`
		} `json:"apns"`
		Webpush *struct {
			Headers      map[string]string `json:"headers"`
			Notification json.RawMessage   `json:"notification"`
		} `json:"webpush"`
	} `json:"message"`
}

// readMessage reads a request, and names the field that FCM would refuse it for.
func readMessage(body []byte) (message Taken, badField string) {
	var request wire
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&request)
	message = Taken{Token: request.Message.Token, Data: request.Message.Data, JSON: body, At: time.Now()}
	if n := request.Message.Notification; n != nil {
		message.Title, message.Body = n.Title, n.Body
	}
	switch {
	case err != nil:
		return message, "message"
	case request.Message.Token == "":
		return message, "message.token"
	case reservedKey(request.Message.Data):
		return message, "message.data"
	case len(body) > maxPayload:
		return message, "message"
	}
	if a := request.Message.Android; a != nil && a.TTL != "" && !strings.HasSuffix(a.TTL, "s") {
		return message, "message.android.ttl"
	}
	if a := request.Message.APNS; a != nil && len(a.Headers["apns-collapse-id"]) > 64 {
		return message, "message.apns.headers"
	}
	if w := request.Message.Webpush; w != nil && len(w.Headers["Topic"]) > 32 {
		return message, "message.webpush.headers"
	}
	return message, ""
}

// reservedKey tells the data keys that FCM keeps for itself.
func reservedKey(data map[string]string) bool {
	for key := range data {
		if key == "from" || key == "message_type" || strings.HasPrefix(key, "google.") || strings.HasPrefix(key, "gcm.") {
			return true
		}
	}
	return false
}
