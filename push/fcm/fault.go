package fcm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"firebase.google.com/go/v4/errorutils"
	"firebase.google.com/go/v4/messaging"
)

// Kind says what to do about a push that did not go out.
type Kind string

const (
	// Forget: the device token is void. Delete it; the device sends its next one.
	Forget Kind = "forget"
	// Quota: too much was sent. Try again after RetryAfter.
	Quota Kind = "quota"
	// Retry: FCM or the way to it failed. Try again, after RetryAfter if it is set.
	Retry Kind = "retry"
	// Credential: the service account, its rights or the APNs key is at fault. An
	// operator must look; try again later, forget no token.
	Credential Kind = "credential"
	// Rejected: the message itself was refused. Trying again is of no use.
	Rejected Kind = "rejected"
)

const (
	// quotaPause is what Google asks for when a 429 names no time.
	quotaPause = time.Minute
	// maxRetryAfter bounds what an answer can ask for: an hour late is late enough
	// for a reminder, and a wrong header must not silence a program.
	maxRetryAfter = time.Hour
	// maxAnswerBytes bounds what is read of an answer that refuses.
	maxAnswerBytes = 64 << 10
)

// Fault is why a push did not go out. Its text carries a kind, a status and a code,
// never a token or anything of FCM's answer.
type Fault struct {
	Kind Kind
	// RetryAfter is the least time to wait; zero leaves it to the caller.
	RetryAfter time.Duration
	// Status is the HTTP status of the last answer; 0 if there was none.
	Status int
	// Code is one of a closed list of reasons.
	Code string
	// cause is the context's error, when the caller gave up.
	cause error
}

// Error writes the kind, the code and the status.
func (f *Fault) Error() string {
	if f.Status == 0 {
		return fmt.Sprintf("push not sent: %s (%s)", f.Kind, f.Code)
	}
	return fmt.Sprintf("push not sent: %s (%s, status %d)", f.Kind, f.Code, f.Status)
}

// Unwrap gives the context's error when the caller gave up, so that errors.Is finds
// context.Canceled; nothing of the SDK's.
func (f *Fault) Unwrap() error { return f.cause }

// KindOf gives the kind of an error of Send; Retry for any other, "" for none.
func KindOf(err error) Kind {
	var fault *Fault
	switch {
	case err == nil:
		return ""
	case errors.As(err, &fault):
		return fault.Kind
	}
	return Retry
}

// classify turns an error of the SDK, and what was seen of the answers, into a Fault.
func classify(err error, seen *exchange) *Fault {
	fault := &Fault{Status: seen.status, RetryAfter: seen.retryAfter}
	switch {
	case messaging.IsUnregistered(err):
		fault.Kind, fault.Code = Forget, "unregistered"
	case messaging.IsSenderIDMismatch(err):
		fault.Kind, fault.Code = Forget, "sender_id_mismatch"
	case messaging.IsThirdPartyAuthError(err):
		fault.Kind, fault.Code = Credential, "third_party_auth"
	case messaging.IsInvalidArgument(err):
		fault.Kind, fault.Code = ofInvalidArgument(err)
	default:
		fault.Kind, fault.Code = ofStatus(seen.status)
	}
	if fault.Kind == Quota && fault.RetryAfter == 0 {
		fault.RetryAfter = quotaPause
	}
	if fault.Kind == Forget || fault.Kind == Rejected {
		fault.RetryAfter = 0
	}
	return fault
}

// ofStatus classifies an answer by its status alone; 0 is no answer. A 404 that does
// not say UNREGISTERED is a wrong project or endpoint: no reason to forget a token.
func ofStatus(status int) (Kind, string) {
	switch {
	case status == 0:
		return Retry, "unreachable"
	case status == http.StatusTooManyRequests:
		return Quota, "quota"
	case status == http.StatusUnauthorized:
		return Credential, "unauthenticated"
	case status == http.StatusForbidden:
		return Credential, "permission_denied"
	case status == http.StatusNotFound:
		return Credential, "project_not_found"
	case status >= 500, status == http.StatusRequestTimeout:
		return Retry, "unavailable"
	case status >= 400:
		return Rejected, "refused"
	}
	return Retry, "unreadable_answer"
}

// ofInvalidArgument parts a bad token from a bad message. FCM answers both with
// INVALID_ARGUMENT; a bad message names the field at fault, a bad token names its own
// field or none.
func ofInvalidArgument(err error) (Kind, string) {
	var answer struct {
		Error struct {
			Details []struct {
				FieldViolations []struct {
					Field string `json:"field"`
				} `json:"fieldViolations"`
			} `json:"details"`
		} `json:"error"`
	}
	if response := errorutils.HTTPResponse(err); response != nil {
		body, readErr := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
		if readErr != nil || json.Unmarshal(body, &answer) != nil {
			return Rejected, "invalid_argument"
		}
	}
	for _, detail := range answer.Error.Details {
		for _, violation := range detail.FieldViolations {
			if violation.Field != "message.token" {
				return Rejected, "invalid_argument"
			}
		}
	}
	return Forget, "invalid_token"
}

// retryAfter reads a Retry-After header: seconds, or a date counted from the answer's
// own Date (from now if it has none). At most maxRetryAfter.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	wait := time.Duration(0)
	if count, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait = time.Duration(count) * time.Second
	} else if until, err := http.ParseTime(text); err == nil {
		if sent, err := http.ParseTime(header.Get("Date")); err == nil {
			now = sent
		}
		wait = until.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
