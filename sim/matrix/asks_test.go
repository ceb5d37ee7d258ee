package matrix

import (
	"encoding/json"
	"net/http"
	"testing"

	"pursuit/sim/harness"
)

func loginAs(_ *testing.T, _ *scene, who *harness.Device) ask {
	return ask{path: "/v1/auth/login", body: harness.LoginBody(who.Tokens.User.Email, harness.Password, harness.NewID())}
}

func refreshAs(t *testing.T, s *scene, who *harness.Device) ask {
	return ask{path: "/v1/auth/refresh", body: map[string]any{"refresh_token": s.again(t, who).RefreshToken}}
}

// refreshOf says with a refresh token which device it is for.
func refreshOf(t *testing.T, s *scene, who *harness.Device, at where) ask {
	fresh := s.again(t, who)
	id := phone(s, who, at)
	if at == own {
		id = fresh.DeviceID
	}
	return ask{path: "/v1/auth/refresh", body: map[string]any{"refresh_token": fresh.RefreshToken, "device_id": id}}
}

func logoutAs(t *testing.T, s *scene, who *harness.Device) ask {
	return ask{path: "/v1/auth/logout", as: s.again(t, who).Client}
}

func revokeOwn(t *testing.T, s *scene, who *harness.Device) ask { return revokeAt(t, s, who, own) }

// revokeAt revokes a device that was made for it.
func revokeAt(t *testing.T, s *scene, who *harness.Device, at where) ask {
	id := phone(s, who, at)
	switch at {
	case own:
		id = s.again(t, who).DeviceID
	case other:
		id = s.again(t, s.seat(other)).DeviceID
	}
	return ask{path: "/v1/devices/" + id + "/revoke", body: map[string]any{}, echo: id}
}

// revokeOf revokes an own device and says whose it be.
func revokeOf(t *testing.T, s *scene, who *harness.Device, at where) ask {
	id := s.again(t, who).DeviceID
	return ask{path: "/v1/devices/" + id + "/revoke", body: map[string]any{"user_id": self(s, who, at)}, echo: id}
}

func wipedOwn(t *testing.T, s *scene, who *harness.Device) ask { return wipedAt(t, s, who, own) }

// wipedAt confirms, as a device that was ordered to erase itself, that one did.
func wipedAt(t *testing.T, s *scene, who *harness.Device, at where) ask {
	fresh := s.again(t, who)
	s.wipe(t, fresh)
	id := phone(s, who, at)
	if at == own {
		id = fresh.DeviceID
	}
	return ask{path: "/v1/devices/" + id + "/wiped", body: map[string]any{}, as: fresh.Client, echo: id}
}

// wipe orders a device to erase its store.
func (s *scene) wipe(t *testing.T, who *harness.Device) {
	t.Helper()
	s.ordered(t, who.DeviceID, true)
}

func (s *scene) ordered(t *testing.T, device string, wipe bool) {
	t.Helper()
	answer, err := s.home.Admin.JSON(ctx(t), http.MethodPost, "/v1/devices/"+device+"/revoke", map[string]any{"wipe": wipe})
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("revoke a device: %v, status %d: %.300s", err, answer.Status, answer.Body)
	}
}

func createHere(t *testing.T, s *scene, who *harness.Device) ask { return createAt(t, s, who, own) }

func createAt(_ *testing.T, s *scene, who *harness.Device, at where) ask {
	org := organisation(s, who, at)
	return ask{path: "/v1/users", echo: org, body: map[string]any{"email": s.home.Email(), "name": "New", "password": harness.Password, "role": worker, "org_id": org}}
}

func patchOwn(t *testing.T, s *scene, who *harness.Device) ask { return patchAt(t, s, who, own) }

func patchAt(_ *testing.T, s *scene, who *harness.Device, at where) ask {
	id := user(s, who, at)
	return ask{path: "/v1/users/" + id, body: map[string]any{"locale": "en"}, echo: id}
}

// moveTo moves a user who was made for it.
func moveTo(t *testing.T, s *scene, who *harness.Device, at where) ask {
	answer, err := s.home.Admin.JSON(ctx(t), http.MethodPost, "/v1/users", createAt(t, s, who, own).body)
	if err != nil || answer.Status != http.StatusCreated {
		t.Fatalf("make a user: %v, status %d: %.300s", err, answer.Status, answer.Body)
	}
	var made struct{ ID string }
	if err := answer.Decode(&made); err != nil {
		t.Fatal(err)
	}
	org := organisation(s, who, at)
	return ask{path: "/v1/users/" + made.ID, body: map[string]any{"org_id": org}, echo: org}
}

// stream answers a cursor of the device's own.
func stream(t *testing.T, who *harness.Device) string {
	t.Helper()
	one := harness.NewDevice(who.Session)
	pull(t, one)
	return *one.Cursor
}

func cursorAt(t *testing.T, s *scene, who *harness.Device, at where) string {
	t.Helper()
	switch at {
	case own:
		return stream(t, who)
	case random:
		return "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	}
	return stream(t, s.seat(at))
}

func pullFrom(t *testing.T, s *scene, who *harness.Device, at where) ask {
	return ask{path: "/v1/sync", body: map[string]any{"protocol": 1, "pull": map[string]any{"cursor": cursorAt(t, s, who, at)}}}
}

func pullBucket(_ *testing.T, s *scene, who *harness.Device, at where) ask {
	id := person(s, who, at)
	return ask{path: "/v1/sync", body: map[string]any{"protocol": 1, "pull": map[string]any{"cursor": nil, "buckets": []string{id}}}, echo: id}
}

func digestFrom(t *testing.T, s *scene, who *harness.Device, at where) ask {
	return ask{path: "/v1/sync/digests", body: map[string]any{"cursor": cursorAt(t, s, who, at)}}
}

func intensityOwn(_ *testing.T, s *scene, who *harness.Device) ask {
	return ask{path: "/v1/intensity/services/" + service(s, who, own)}
}

func previewOwn(_ *testing.T, s *scene, who *harness.Device) ask {
	return ask{path: "/v1/reminders/preview?service_id=" + service(s, who, own)}
}

// twin makes two more people that the caller's organisation holds.
func twin(t *testing.T, s *scene) (a, b string) {
	t.Helper()
	first := harness.Insert("people", map[string]any{"code": "One"})
	second := harness.Insert("people", map[string]any{"code": "Two"})
	must(t, s.home.at(ours, manager), "applied", first, second)
	return first.Row, second.Row
}

func mergeOwn(t *testing.T, s *scene, who *harness.Device) ask { return mergeInto(t, s, who, own) }

func mergeInto(t *testing.T, s *scene, who *harness.Device, at where) ask {
	keep, merge := twin(t, s)
	if at != own {
		keep = person(s, who, at)
	}
	return ask{path: "/v1/people/merge", body: map[string]any{"id": harness.NewID(), "keep": keep, "merge": merge}, echo: keep}
}

func mergeFrom(t *testing.T, s *scene, who *harness.Device, at where) ask {
	keep, merge := twin(t, s)
	if at != own {
		merge = person(s, who, at)
	}
	return ask{path: "/v1/people/merge", body: map[string]any{"id": harness.NewID(), "keep": keep, "merge": merge}, echo: merge}
}

// frozenAt asks for a summary that was kept: the caller's own, another
// organisation's, another program's.
func frozenAt(t *testing.T, s *scene, who *harness.Device, at where) ask {
	keeper := s.home.at(ours, director)
	switch {
	case at == random:
		return ask{path: "/v1/reports/summary?frozen=" + harness.NewID()}
	case at == foreign:
		keeper = s.abroad.at(ours, director)
	case at == other:
		keeper = s.home.at(theirs, supervisor)
	case who.Tokens.User.Role == supervisor:
		keeper = who
	}
	answer, err := keeper.JSON(ctx(t), http.MethodPost, "/v1/reports/summary/freeze", map[string]any{"year": 2026, "as_of": "2026-03-31"})
	if err != nil || answer.Status != http.StatusCreated {
		t.Fatalf("freeze: %v, status %d: %.300s", err, answer.Status, answer.Body)
	}
	var made struct{ ID string }
	if err := answer.Decode(&made); err != nil {
		t.Fatal(err)
	}
	return ask{path: "/v1/reports/summary?frozen=" + made.ID, echo: made.ID}
}

// pages probes the cursor of a list with those that other people's lists gave.
func pages(path, noun string) probe {
	return probe{loose: true, make: func(t *testing.T, s *scene, who *harness.Device, at where) ask {
		lister := who
		switch at {
		case other:
			lister = s.home.at(theirs, who.Tokens.User.Role)
		case foreign:
			lister = s.abroad.at(ours, who.Tokens.User.Role)
		}
		if at == random || lister == nil {
			return ask{path: path + "&cursor=AAAA"}
		}
		answer, err := lister.JSON(ctx(t), http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		var list map[string]json.RawMessage
		var next string
		if answer.Decode(&list) != nil || json.Unmarshal(list["next"], &next) != nil || list[noun] == nil {
			return ask{path: path}
		}
		return ask{path: path + "&cursor=" + next}
	}}
}
