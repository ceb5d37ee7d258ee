package fcm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pursuit/push/catalog"
	"pursuit/push/fcm"
	"pursuit/push/fcmtest"
)

// secrets are what must never leave by a push, a log or an error.
var secrets = []string{"PLANTED", "Bluebird", "Ramirez", "+15035550100", "1220 SW 5th Ave", "slo_icm", "hhp", "tvif", "Northside Outreach", phone}

func holdsSecret(text string) string {
	for _, secret := range secrets {
		if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			return secret
		}
	}
	return ""
}

// TestWhatAPushCarries: {type, id} and a sentence of the catalogue, for each kind and
// language; a token is the address and nothing else.
func TestWhatAPushCarries(t *testing.T) {
	server, sender := open(t, 5*time.Second)
	for _, locale := range catalog.Locales() {
		for _, kind := range catalog.Kinds() {
			if err := sender.Send(context.Background(), fcm.Message{Token: phone, Type: kind, ID: reminder, Locale: locale}); err != nil {
				t.Fatalf("%s %s: %v", locale, kind, err)
			}
			taken := server.Taken()
			got := taken[len(taken)-1]
			want := catalog.Sentence(locale, kind)
			if diff := cmp.Diff(map[string]string{"type": kind, "id": reminder}, got.Data); diff != "" {
				t.Errorf("%s %s: data differs:\n%s", locale, kind, diff)
			}
			if got.Title != want.Title || got.Body != want.Body || got.Token != phone {
				t.Errorf("%s %s: %+v", locale, kind, got)
			}
			rest := strings.ReplaceAll(string(got.JSON), phone, "")
			if secret := holdsSecret(rest); secret != "" {
				t.Errorf("%s %s carries %s", locale, kind, secret)
			}
		}
	}
}

// TestTheShapeOfAPush is the whole message, platform options included.
func TestTheShapeOfAPush(t *testing.T) {
	server, sender := open(t, 5*time.Second)
	for _, m := range []fcm.Message{{Token: "t", Type: "silence", ID: reminder}, {Token: "t", Type: "digest", ID: reminder}, fcm.Tickle("t")} {
		if err := sender.Send(context.Background(), m); err != nil {
			t.Fatal(err)
		}
	}
	show := func(kind, body, collapse string) string {
		return fmt.Sprintf(`{"token":"t","data":{"type":%[1]q,"id":%[4]q},"notification":{"title":"Reminder","body":%[2]q},
		"android":{"priority":"high","collapse_key":%[3]q,"ttl":"259200s","notification":{"tag":%[4]q,"channel_id":"reminders","default_sound":true}},
		"apns":{"headers":{"apns-push-type":"alert","apns-priority":"10","apns-collapse-id":%[4]q,"apns-expiration":"later"},
			"payload":{"aps":{"sound":"default","thread-id":"reminders"}}},
		"webpush":{"headers":{"TTL":"259200","Urgency":"high","Topic":"0199aaaa000070008000000000000001"},
			"notification":{"title":"Reminder","body":%[2]q,"tag":%[4]q}}}`, kind, body, collapse, reminder)
	}
	want := []string{
		show("silence", catalog.Sentence("en", "silence").Body, "reminder"),
		show("digest", catalog.Sentence("en", "digest").Body, "digest"),
		`{"token":"t","data":{"type":"tickle"},"android":{"priority":"normal","collapse_key":"tickle","ttl":"86400s"},
		"apns":{"headers":{"apns-push-type":"background","apns-priority":"5","apns-collapse-id":"tickle","apns-expiration":"later"},
			"payload":{"aps":{"content-available":1}}},
		"webpush":{"headers":{"TTL":"86400","Urgency":"normal","Topic":"tickle"}}}`,
	}
	for i, taken := range server.Taken() {
		var got struct{ Message map[string]any }
		var expected map[string]any
		if err := json.Unmarshal(taken.JSON, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(want[i]), &expected); err != nil {
			t.Fatal(err)
		}
		headers := got.Message["apns"].(map[string]any)["headers"].(map[string]any)
		headers["apns-expiration"] = "later"
		if diff := cmp.Diff(expected, got.Message); diff != "" {
			t.Errorf("message %d differs (-want +got):\n%s", i, diff)
		}
	}
}

// TestNothingElseGetsIn: a message that tries to carry more is refused before it
// leaves, and the refusal does not repeat it.
func TestNothingElseGetsIn(t *testing.T) {
	server, client := open(t, 5*time.Second)
	for _, sender := range []fcm.Sender{client, fcm.NewLog(slog.New(slog.DiscardHandler))} {
		for _, m := range []fcm.Message{
			{Token: phone, Type: "Bluebird", ID: reminder},
			{Token: phone, Type: "silence", ID: "Ramirez"},
			{Token: phone, Type: "silence", ID: strings.ToUpper(reminder)},
			{Token: phone, Type: "silence", ID: reminder + "PLANTED"},
			{Token: phone, Type: "silence", ID: strings.Replace(reminder, "-", "0", 1)},
			{Token: phone, Type: "silence"},
			{Token: phone, Type: "tickle", ID: "PLANTED"},
			{Type: "silence", ID: reminder},
		} {
			err := sender.Send(context.Background(), m)
			if fcm.KindOf(err) != fcm.Rejected {
				t.Errorf("%q %q: got %v", m.Type, m.ID, err)
				continue
			}
			if secret := holdsSecret(fmt.Sprintf("%v %+v", err, err)); secret != "" {
				t.Errorf("the error repeats %s", secret)
			}
		}
	}
	if err := client.Send(context.Background(), fcm.Message{Token: phone, Type: "silence", ID: reminder, Locale: "PLANTED-Ramirez"}); err != nil {
		t.Fatal(err)
	}
	if taken := server.Taken(); len(taken) != 1 || strings.Contains(string(taken[0].JSON), "PLANTED") {
		t.Errorf("got %v", taken)
	}
}

// TestErrorsTellNothing: whatever FCM or the token endpoint repeats in its answers.
func TestErrorsTellNothing(t *testing.T) {
	gossip := strings.Join(secrets, " ")
	statuses := []int{400, 401, 403, 404, 409, 413, 429, 500, 502, 504}
	server, sender := open(t, 5*time.Second)
	for _, status := range statuses {
		for _, answer := range []fcmtest.Answer{
			{Status: status, Code: "PLANTED", Messaging: "PLANTED", Field: gossip, Text: gossip},
			{Status: status, Raw: gossip},
		} {
			server.OnDevice(phone, answer)
			err := sender.Send(context.Background(), silence())
			if err == nil {
				t.Fatalf("%d: no error", status)
			}
			if secret := holdsSecret(fmt.Sprintf("%v %+v %#v", err, err, err)); secret != "" {
				t.Errorf("%d: the error repeats %s: %v", status, secret, err)
			}
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Error("send push", "err", err, "push", silence())
			if secret := holdsSecret(log.String()); secret != "" {
				t.Errorf("%d: the log repeats %s: %s", status, secret, log.String())
			}
		}
	}
}

// TestTheLogDriver writes type and id, and not the device's token.
func TestTheLogDriver(t *testing.T) {
	var log bytes.Buffer
	sender, err := fcm.Open(context.Background(), fcm.Config{}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(context.Background(), silence()); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "push.type=silence push.id="+reminder) || holdsSecret(text) != "" {
		t.Errorf("got %s", text)
	}
	if text := fmt.Sprintf("%v %+v %s %#v", silence(), silence(), silence(), silence()); holdsSecret(text) != "" {
		t.Errorf("printed: %s", text)
	}
}

// TestCredentialFiles: one that cannot be used is known at start, and its contents
// are not repeated.
func TestCredentialFiles(t *testing.T) {
	server, _ := open(t, short)
	good, err := server.WriteCredentials(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	change := func(key, value string) []byte {
		var file map[string]string
		if err := json.Unmarshal(content, &file); err != nil {
			t.Fatal(err)
		}
		file[key] = value
		changed, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	for name, bad := range map[string][]byte{
		"empty": {}, "no JSON": []byte("PLANTED"), "a list": []byte(`["PLANTED"]`), "a user's": change("type", "PLANTED"),
		"no project": change("project_id", ""), "no key": change("private_key", ""), "a broken key": change("private_key", "PLANTED"),
		"half a key": change("private_key", "-----BEGIN PRIVATE KEY-----\nUExBTlRFRA==\n-----END PRIVATE KEY-----\n"), "no e-mail": change("client_email", ""),
	} {
		path := filepath.Join(t.TempDir(), "credentials.json")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := fcm.New(context.Background(), fcm.Config{CredentialsFile: path}); err == nil || strings.Contains(err.Error(), "PLANTED") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := fcm.New(context.Background(), fcm.Config{CredentialsFile: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a file that is not there was read")
	}
}
