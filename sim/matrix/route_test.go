package matrix

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// routes asks every operation of the document as every role, and at every place
// where it takes an id for things of all four kinds.
func routes(t *testing.T, s *scene, paths []operation) {
	rules := contract()
	for _, op := range paths {
		r, ok := rules[op.id]
		delete(rules, op.id)
		if !ok {
			t.Errorf("%s %s (%s): the document has this call and nothing says here who may make it", op.method, op.path, op.id)
			continue
		}
		checkPlaces(t, op, r)
		for _, role := range roles() {
			t.Run(op.id+"/"+role, func(t *testing.T) { s.cell(t, op, r, s.home.at(ours, role)) })
		}
	}
	for id := range rules {
		t.Errorf("an expectation speaks of %s, which the document does not have", id)
	}
}

// checkPlaces wants a probe, or a reason for having none, at each place for an id.
func checkPlaces(t *testing.T, op operation, r rule) {
	t.Helper()
	named := map[string]bool{}
	for _, place := range op.places {
		named[place] = true
		if _, probed := r.at[place]; !probed && r.open[place] == "" {
			t.Errorf("%s takes an id at %s and nothing here asks it for somebody else's", op.id, place)
		}
	}
	for place := range r.at {
		if !named[place] {
			t.Errorf("%s is probed at %s, which the document does not have", op.id, place)
		}
	}
}

// cell is one operation and one role.
func (s *scene) cell(t *testing.T, op operation, r rule, who *harness.Device) {
	role := who.Tokens.User.Role
	answer := s.ask(t, op, who, r.plain(t, s, who))
	if !r.may(role) {
		refused(t, answer, http.StatusForbidden, "forbidden")
	} else if answer.Status != r.ok {
		t.Fatalf("status %d, want %d: %.300s", answer.Status, r.ok, answer.Body)
	}
	places := make([]string, 0, len(r.at))
	for place := range r.at {
		places = append(places, place)
	}
	sort.Strings(places)
	for _, place := range places {
		if r.may(role) {
			s.probed(t, op, r, place, who)
			continue
		}
		for _, at := range wheres() {
			refused(t, s.ask(t, op, who, r.at[place].make(t, s, who, at)), http.StatusForbidden, "forbidden")
		}
	}
}

// probed asks at one place for what the caller may see and for what they may not.
func (s *scene) probed(t *testing.T, op operation, r rule, place string, who *harness.Device) {
	t.Helper()
	p, role := r.at[place], who.Tokens.User.Role
	alike := map[string][]where{}
	for _, at := range wheres() {
		asked := p.make(t, s, who, at)
		answer := s.ask(t, op, who, asked)
		switch {
		case p.loose:
		case p.sees(role, at):
			if answer.Status != r.ok {
				t.Errorf("%s %s: status %d, want %d: %.300s", place, at, answer.Status, r.ok, answer.Body)
			}
			alike["seen "+string(at)+": "+face(answer, asked.echo)] = nil
		default:
			if p.hidden != 0 && answer.Status != p.hidden {
				t.Errorf("%s %s: status %d, want %d: %.300s", place, at, answer.Status, p.hidden, answer.Body)
			}
			shown := face(answer, asked.echo)
			alike[shown] = append(alike[shown], at)
			if _, told := alike["seen "+string(own)+": "+shown]; told && place != "query.org_id" {
				t.Errorf("%s: what is the caller's own is answered like what is not: the check is empty", place)
			}
		}
	}
	var faces []string
	for shown, at := range alike {
		if at != nil {
			faces = append(faces, fmt.Sprintf("%v: %.400s", at, shown))
		}
	}
	if len(faces) > 1 {
		t.Errorf("%s: what may not be seen is answered in %d ways:\n%s", place, len(faces), strings.Join(faces, "\n"))
	}
}

// ask makes a call and checks what holds for every answer: it is no fault of the
// server, a refusal is a problem, and nothing in it comes from where the caller has
// no business.
func (s *scene) ask(t *testing.T, op operation, who *harness.Device, a ask) harness.Answer {
	t.Helper()
	client := who.Client
	if a.as != nil {
		client = a.as
	}
	answer, err := client.JSON(ctx(t), op.method, a.path, a.body)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, op.method+" "+a.path, answer)
	text := strings.ReplaceAll(string(answer.Body), a.echo, "")
	if a.echo == "" {
		text = string(answer.Body)
	}
	for mark, what := range s.strange(who.Tokens.User.Role) {
		if op.id == "listAudit" && s.soil.secrets[mark] == "" {
			continue // it repeats the ids that people of the program asked for; audit looks before they do
		}
		if strings.Contains(text, mark) {
			t.Errorf("%s %s as %s tells of %s", op.method, op.path, who.Tokens.User.Role, what)
		}
	}
	return answer
}

// sound checks that an answer is no server's fault and that a refusal has the shape
// of docs/protocol.md, section 2.
func sound(t *testing.T, what string, answer harness.Answer) {
	t.Helper()
	if answer.Status >= http.StatusInternalServerError {
		t.Errorf("%s: status %d: %.300s", what, answer.Status, answer.Body)
	}
	if answer.Status >= http.StatusBadRequest && (answer.Code() == "" || !strings.HasPrefix(answer.Header.Get("Content-Type"), "application/problem+json")) {
		t.Errorf("%s: status %d is no problem: %.300s", what, answer.Status, answer.Body)
	}
}

// refused checks a refusal.
func refused(t *testing.T, answer harness.Answer, status int, code string) {
	t.Helper()
	if answer.Status != status || answer.Code() != code {
		t.Errorf("status %d, code %q, want %d %q: %.300s", answer.Status, answer.Code(), status, code, answer.Body)
	}
}

// audit looks at the audit before anybody asked for what is not theirs: it speaks of
// its own program by ids, and holds no text of a case.
func audit(t *testing.T, s *scene) {
	answer, err := s.home.Admin.JSON(ctx(t), http.MethodGet, "/v1/audit?limit=500", nil)
	if err != nil || answer.Status != http.StatusOK || !strings.Contains(string(answer.Body), s.home.cases[ours].service) {
		t.Fatalf("read the audit: %v, status %d: %.300s", err, answer.Status, answer.Body)
	}
	for mark, what := range s.strange(admin) {
		if strings.Contains(string(answer.Body), mark) {
			t.Errorf("the audit tells of %s", what)
		}
	}
}

// moving are the members of a page that differ from call to call.
var moving = []string{"server_time", "cursor", "seq"}

// face is all of an answer that may not differ between what is hidden and what is
// not there: status, body and headers, but for the id asked for and for the request's.
func face(answer harness.Answer, echo string) string {
	body := string(answer.Body)
	var page map[string]json.RawMessage
	if json.Unmarshal(answer.Body, &page) == nil && page["server_time"] != nil {
		for _, name := range moving {
			delete(page, name)
		}
		text, _ := json.Marshal(page)
		body = string(text)
	}
	if echo != "" {
		body = strings.ReplaceAll(body, echo, "ID")
	}
	var headers []string
	for name, values := range answer.Header {
		if !slices.Contains([]string{"Date", "X-Request-Id", "Content-Length"}, name) {
			headers = append(headers, name+"="+strings.Join(values, ","))
		}
	}
	sort.Strings(headers)
	return fmt.Sprintf("%d %s %v", answer.Status, body, headers)
}

// strange lists what no answer to a role may hold, with what it is: everything of
// another program, for who holds cases those of another organisation, for all others
// every text of a case.
func (s *scene) strange(role string) map[string]string {
	marks := map[string]string{}
	for name, d := range s.abroad.cases {
		marks[d.person], marks[d.service] = "a case abroad", "a case abroad ("+name+")"
	}
	for name, id := range s.abroad.orgs {
		marks[id] = "an organisation abroad (" + name + ")"
	}
	for name, seat := range s.abroad.seats {
		marks[seat.Tokens.User.ID], marks[seat.Tokens.User.Email] = "a user abroad ("+name+")", "a user abroad ("+name+")"
	}
	switch role {
	case director, admin, partner:
		for secret, where := range s.soil.secrets {
			marks[secret] = "a planted text of " + where
		}
	default:
		for table, rows := range s.home.cases[theirs].rows {
			for _, row := range rows {
				if table != "staff" && table != "settings" {
					marks[row.ID()] = "a row of " + table + " of another organisation"
				}
			}
		}
	}
	return marks
}
