package fcmtest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pursuit/push/fcmtest"
)

func post(t *testing.T, address, contentType, body, bearer string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// TestItRefusesWhatFCMRefuses: the stand-in is no looser than the thing it stands for.
func TestItRefusesWhatFCMRefuses(t *testing.T) {
	s := fcmtest.New()
	defer s.Close()
	const message = `{"message":{"token":"phone","data":{"type":"tickle"}}}`
	cases := []struct {
		name, path, body string
		status           int
	}{
		{"no access token", "/v1/projects/pursuit-test/messages:send", message, 401},
		{"another project", "/v1/projects/other/messages:send", message, 404},
		{"another call", "/v1/projects/pursuit-test/messages:sendAll", message, 404},
		{"no version", "/projects/pursuit-test/messages:send", message, 404},
	}
	for _, tc := range cases {
		if status, answer := post(t, s.URL()+tc.path, "application/json", tc.body, "made-up"); status != tc.status {
			t.Errorf("%s: %d %s", tc.name, status, answer)
		}
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {"a.b.c"}}
	if status, answer := post(t, s.URL()+"/token", "application/x-www-form-urlencoded", form.Encode(), ""); status != 400 {
		t.Errorf("a made-up assertion: %d %s", status, answer)
	}
	if len(s.Taken()) != 0 {
		t.Errorf("it took %v", s.Taken())
	}
}

// TestAnswersComeInTurn: a fault stands for its number of requests, then the next.
func TestAnswersComeInTurn(t *testing.T) {
	s := fcmtest.New()
	defer s.Close()
	s.OnDevice("phone", fcmtest.Quota().For(2), fcmtest.Answer{}, fcmtest.Internal().For(fcmtest.Always))
	var got []int
	for range 5 {
		status, _ := post(t, s.URL()+"/v1/projects/pursuit-test/messages:send", "application/json", `{"message":{"token":"phone"}}`, "")
		got = append(got, status)
	}
	want := []int{429, 429, 401, 500, 500}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	s.OnAny(fcmtest.Unavailable())
	if status, _ := post(t, s.URL()+"/v1/projects/pursuit-test/messages:send", "application/json", `{"message":{"token":"phone"}}`, ""); status != 503 {
		t.Errorf("OnAny comes first: got %d", status)
	}
	if s.Attempts("phone") != 6 {
		t.Errorf("%d attempts", s.Attempts("phone"))
	}
}
