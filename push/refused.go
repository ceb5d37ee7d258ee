package push

import (
	"context"

	"pursuit/push/fcm"
)

// Refused is the sender of a server whose credentials file cannot be used: every push
// fails as one whose credential FCM refuses, and waits.
func Refused() fcm.Sender { return refused{} }

type refused struct{}

// Send refuses.
func (refused) Send(context.Context, fcm.Message) error {
	return &fcm.Fault{Kind: fcm.Credential, Code: "CREDENTIALS_FILE"}
}
