package fcm_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"pursuit/push/fcm"
	"pursuit/push/fcmtest"
)

const (
	phone    = "device-token-planted-7f3a"
	reminder = "0199aaaa-0000-7000-8000-000000000001"
)

const (
	// short bounds a Send in tests whose faults outlast it.
	short = time.Second
	// long is more than a bounded Send takes on a busy machine, and less than it would
	// wait were it not bounded.
	long = 20 * time.Second
)

// open gives a stand-in and the real client that talks to it.
func open(t *testing.T, timeout time.Duration) (*fcmtest.Server, fcm.Sender) {
	t.Helper()
	server := fcmtest.New()
	t.Cleanup(server.Close)
	file, err := server.WriteCredentials(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sender, err := fcm.Open(context.Background(), fcm.Config{CredentialsFile: file, Endpoint: server.URL(), Timeout: timeout}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return server, sender
}

func silence() fcm.Message {
	return fcm.Message{Token: phone, Type: "silence", ID: reminder, Locale: "es-MX"}
}

// TestFaults: each refusal of FCM becomes the Kind that says what to do.
func TestFaults(t *testing.T) {
	date := http.TimeFormat
	cases := []struct {
		name     string
		answer   fcmtest.Answer
		kind     fcm.Kind
		after    time.Duration
		attempts int // of the SDK; 0 is not looked at
	}{
		{"unregistered", fcmtest.Unregistered(), fcm.Forget, 0, 1},
		{"invalid token", fcmtest.InvalidToken(), fcm.Forget, 0, 1},
		{"invalid token, field named", fcmtest.InvalidField("message.token"), fcm.Forget, 0, 1},
		{"another project's token", fcmtest.SenderMismatch(), fcm.Forget, 0, 1},
		{"a message at fault costs no token", fcmtest.InvalidField("message.data"), fcm.Rejected, 0, 1},
		{"a 400 from a proxy costs no token", fcmtest.Answer{Status: 400, Raw: "<html>"}, fcm.Rejected, 0, 1},
		{"a 413 costs no token", fcmtest.Answer{Status: 413, Raw: "too large"}, fcm.Rejected, 0, 1},
		{"a 404 without UNREGISTERED costs no token", fcmtest.Answer{Status: 404, Code: "NOT_FOUND"}, fcm.Credential, 0, 1},
		{"quota", fcmtest.Quota(), fcm.Quota, time.Minute, 1},
		{"quota with Retry-After", fcmtest.Quota().After(17 * time.Second), fcm.Quota, 17 * time.Second, 1},
		{"quota without a detail", fcmtest.Answer{Status: 429, Raw: "slow down", RetryAfter: "5"}, fcm.Quota, 5 * time.Second, 1},
		{"a wrong Retry-After does not silence", fcmtest.Quota().After(240 * time.Hour), fcm.Quota, time.Hour, 1},
		{"Retry-After that is no time", fcmtest.Answer{Status: 429, RetryAfter: "-9x"}, fcm.Quota, time.Minute, 1},
		{"internal", fcmtest.Internal(), fcm.Retry, 0, 1},
		{"bad gateway", fcmtest.Answer{Status: 502, Raw: "<html>"}, fcm.Retry, 0, 1},
		{"unavailable, long pause asked: given up at once", fcmtest.Unavailable().After(45 * time.Second).For(fcmtest.Always), fcm.Retry, 45 * time.Second, 1},
		{"unavailable, very long pause asked", fcmtest.Unavailable().After(300 * time.Second).For(fcmtest.Always), fcm.Retry, 300 * time.Second, 1},
		{"unavailable, a date in the past", fcmtest.Answer{Status: 500, RetryAfter: time.Now().Add(-time.Hour).UTC().Format(date)}, fcm.Retry, 0, 1},
		{"APNs key", fcmtest.ThirdPartyAuth(), fcm.Credential, 0, 1},
		{"access token refused", fcmtest.Unauthenticated(), fcm.Credential, 0, 1},
		{"no right to send", fcmtest.Forbidden(), fcm.Credential, 0, 1},
	}
	server, sender := open(t, 2*time.Second)
	attempts := 0
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			server.OnDevice(phone, tc.answer)
			began := time.Now()
			err := sender.Send(context.Background(), silence())
			var fault *fcm.Fault
			if !errors.As(err, &fault) || fault.Kind != tc.kind || fault.RetryAfter != tc.after || fcm.KindOf(err) != tc.kind {
				t.Fatalf("got %v %+v, want %s after %s", err, fault, tc.kind, tc.after)
			}
			if fault.Status != tc.answer.Status {
				t.Errorf("status %d, want %d", fault.Status, tc.answer.Status)
			}
			if took := time.Since(began); took > long {
				t.Errorf("took %s", took)
			}
			total := server.Attempts(phone)
			if made := total - attempts; made != tc.attempts {
				t.Errorf("%d attempts, want %d", made, tc.attempts)
			}
			attempts = total
		})
	}
	server.OnDevice(phone)
	if err := sender.Send(context.Background(), silence()); err != nil || len(server.Taken()) != 1 {
		t.Errorf("after all faults: %v, %d taken", err, len(server.Taken()))
	}
}

// TestRetryAfterAsADate counts from the answer's own clock.
func TestRetryAfterAsADate(t *testing.T) {
	server, sender := open(t, short)
	server.OnDevice(phone, fcmtest.Answer{Status: 429, RetryAfter: time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)})
	var fault *fcm.Fault
	if err := sender.Send(context.Background(), silence()); !errors.As(err, &fault) || fault.RetryAfter < 85*time.Second || fault.RetryAfter > 92*time.Second {
		t.Errorf("got %v %+v", err, fault)
	}
}

// TestPassingFaults: the SDK's own retries get over them, and the message goes once.
func TestPassingFaults(t *testing.T) {
	for name, answer := range map[string]fcmtest.Answer{
		"unavailable once": fcmtest.Unavailable(),
		"a reset once":     {Reset: true},
		"a slow answer":    {Delay: 300 * time.Millisecond},
	} {
		server, sender := open(t, 5*time.Second)
		server.OnDevice(phone, answer)
		if err := sender.Send(context.Background(), silence()); err != nil || len(server.Taken()) != 1 {
			t.Errorf("%s: %v, %d taken", name, err, len(server.Taken()))
		}
	}
}

// TestLastingFaults: within the time of one Send they end as Retry.
func TestLastingFaults(t *testing.T) {
	for name, answer := range map[string]fcmtest.Answer{
		"unavailable": fcmtest.Unavailable(),
		"resets":      {Reset: true},
		"silence":     {Delay: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, sender := open(t, short)
			server.OnDevice(phone, answer.For(fcmtest.Always))
			began := time.Now()
			err := sender.Send(context.Background(), silence())
			if fcm.KindOf(err) != fcm.Retry || time.Since(began) > long {
				t.Errorf("got %v after %s", err, time.Since(began))
			}
			if made := server.Attempts(phone); made < 1 || made > 5 {
				t.Errorf("%d attempts", made)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	server, _ := open(t, short)
	file, err := server.WriteCredentials(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sender, err := fcm.New(context.Background(), fcm.Config{CredentialsFile: file, Endpoint: "http://127.0.0.1:1", Timeout: short})
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(context.Background(), silence()); fcm.KindOf(err) != fcm.Retry {
		t.Errorf("got %v", err)
	}
}

func TestTheCallerGivesUp(t *testing.T) {
	server, sender := open(t, time.Minute)
	server.OnDevice(phone, fcmtest.Answer{Delay: time.Minute})
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(200*time.Millisecond, cancel)
	if err := sender.Send(ctx, silence()); !errors.Is(err, context.Canceled) || fcm.KindOf(err) != fcm.Retry {
		t.Errorf("got %v", err)
	}
}

// TestOneTokenForManySends, and a fresh one after the old was refused.
func TestOneTokenForManySends(t *testing.T) {
	server, sender := open(t, 5*time.Second)
	for range 20 {
		if err := sender.Send(context.Background(), silence()); err != nil {
			t.Fatal(err)
		}
	}
	if fetches := server.TokenFetches(); fetches != 1 {
		t.Errorf("%d token fetches for 20 sends", fetches)
	}
	server.RevokeTokens()
	if err := sender.Send(context.Background(), silence()); fcm.KindOf(err) != fcm.Credential {
		t.Errorf("revoked: got %v", err)
	}
	if err := sender.Send(context.Background(), silence()); err != nil || server.TokenFetches() != 2 {
		t.Errorf("after the refusal: %v, %d fetches", err, server.TokenFetches())
	}
}

func TestTokenEndpointFaults(t *testing.T) {
	cases := []struct {
		name   string
		answer fcmtest.Answer
		kind   fcm.Kind
	}{
		{"the key was deleted", fcmtest.Answer{Status: 400, Raw: `{"error":"invalid_grant","error_description":"planted"}`}, fcm.Credential},
		{"the account is disabled", fcmtest.Answer{Status: 401, Raw: "planted"}, fcm.Credential},
		{"it is down", fcmtest.Answer{Status: 503, Raw: "planted"}, fcm.Retry},
		{"it is overrun", fcmtest.Answer{Status: 429, Raw: "planted"}, fcm.Retry},
		{"it cuts the connection", fcmtest.Answer{Reset: true}, fcm.Retry},
		{"it is silent", fcmtest.Answer{Delay: time.Minute}, fcm.Retry},
		{"it talks nonsense", fcmtest.Answer{Status: 200, Raw: "planted"}, fcm.Retry},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server, sender := open(t, short)
			server.OnToken(tc.answer)
			if err := sender.Send(context.Background(), silence()); fcm.KindOf(err) != tc.kind {
				t.Errorf("got %v, want %s", err, tc.kind)
			}
			if server.Attempts(phone) != 0 {
				t.Errorf("sent without a token")
			}
			if err := sender.Send(context.Background(), silence()); err != nil {
				t.Errorf("the next one: %v", err)
			}
		})
	}
}

// TestManyAtOnce: many goroutines share one client and one access token.
func TestManyAtOnce(t *testing.T) {
	server, sender := open(t, 10*time.Second)
	const senders = 50
	errs := make(chan error, senders)
	for range senders {
		go func() { errs <- sender.Send(context.Background(), fcm.Tickle(phone)) }()
	}
	for range senders {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if len(server.Taken()) != senders || server.TokenFetches() != 1 {
		t.Errorf("%d taken, %d token fetches", len(server.Taken()), server.TokenFetches())
	}
}
