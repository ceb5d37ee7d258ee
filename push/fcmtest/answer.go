package fcmtest

import (
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Always makes an Answer stand until it is replaced.
const Always = -1

// Answer is one programmed fault. The zero Answer is no fault.
type Answer struct {
	// Status is the HTTP status; 0 lets the request through (after Delay).
	Status int
	// Code is the status word of the error, such as UNAVAILABLE.
	Code string
	// Messaging is the errorCode of FCM's own detail; empty leaves the detail out.
	Messaging string
	// Field is the field that a 400 complains about; empty leaves it out.
	Field string
	// Text is the message of the error: where FCM repeats what it was given.
	Text string
	// RetryAfter is sent as it stands, if set.
	RetryAfter string
	// Delay is waited before answering, or until the client hangs up.
	Delay time.Duration
	// Reset cuts the connection instead of answering.
	Reset bool
	// Raw is sent as the body in place of an error, if set.
	Raw string
	// Times is how many requests get it: 0 counts as 1, Always as all.
	Times int
}

// For makes the answer stand for several requests.
func (a Answer) For(times int) Answer {
	a.Times = times
	return a
}

// After makes the answer ask for a pause.
func (a Answer) After(pause time.Duration) Answer {
	a.RetryAfter = strconv.Itoa(int(pause / time.Second))
	return a
}

// Unregistered: the app was removed from the device.
func Unregistered() Answer {
	return Answer{Status: 404, Code: "NOT_FOUND", Messaging: "UNREGISTERED", Text: "Requested entity was not found."}
}

// InvalidToken: what was sent is no registration token.
func InvalidToken() Answer {
	return Answer{Status: 400, Code: "INVALID_ARGUMENT", Messaging: "INVALID_ARGUMENT",
		Text: "The registration token is not a valid FCM registration token"}
}

// InvalidField: a field of the message is at fault.
func InvalidField(field string) Answer {
	return Answer{Status: 400, Code: "INVALID_ARGUMENT", Messaging: "INVALID_ARGUMENT", Field: field,
		Text: "Request contains an invalid argument."}
}

// SenderMismatch: the token belongs to another project.
func SenderMismatch() Answer {
	return Answer{Status: 403, Code: "PERMISSION_DENIED", Messaging: "SENDER_ID_MISMATCH", Text: "SenderId mismatch"}
}

// Quota: too many messages.
func Quota() Answer {
	return Answer{Status: 429, Code: "RESOURCE_EXHAUSTED", Messaging: "QUOTA_EXCEEDED", Text: "Quota exceeded."}
}

// Unavailable: FCM is overloaded.
func Unavailable() Answer {
	return Answer{Status: 503, Code: "UNAVAILABLE", Messaging: "UNAVAILABLE", Text: "The service is currently unavailable."}
}

// Internal: FCM failed.
func Internal() Answer {
	return Answer{Status: 500, Code: "INTERNAL", Messaging: "INTERNAL", Text: "Internal error encountered."}
}

// ThirdPartyAuth: the APNs or web push key of the project is at fault.
func ThirdPartyAuth() Answer {
	return Answer{Status: 401, Code: "UNAUTHENTICATED", Messaging: "THIRD_PARTY_AUTH_ERROR", Text: "Invalid APNs credential."}
}

// Unauthenticated: the access token is not accepted.
func Unauthenticated() Answer {
	return Answer{Status: 401, Code: "UNAUTHENTICATED", Text: "Request had invalid authentication credentials."}
}

// Forbidden: the account may not send for the project.
func Forbidden() Answer {
	return Answer{Status: 403, Code: "PERMISSION_DENIED", Text: "Permission denied."}
}

// write answers with the fault.
func (a Answer) write(w http.ResponseWriter) {
	if a.Reset {
		reset(w)
		return
	}
	if a.RetryAfter != "" {
		w.Header().Set("Retry-After", a.RetryAfter)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(a.Status)
	if a.Raw != "" {
		_, _ = w.Write([]byte(a.Raw))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"error": a.body()})
}

// reset cuts the connection so that the client's next read fails, where the server
// allows it; else the answer stays empty.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // closing sends a reset instead of an end
	}
	_ = connection.Close()
}

func (a Answer) body() map[string]any {
	details := []map[string]any{}
	if a.Messaging != "" {
		details = append(details, map[string]any{
			"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": a.Messaging})
	}
	if a.Field != "" {
		details = append(details, map[string]any{
			"@type":           "type.googleapis.com/google.rpc.BadRequest",
			"fieldViolations": []map[string]string{{"field": a.Field, "description": a.Text}}})
	}
	return map[string]any{"code": a.Status, "message": a.Text, "status": a.Code, "details": details}
}
