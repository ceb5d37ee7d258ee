package matrix

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// pathsMost bounds the calls made of one operation: its parameters have at most some
// dozens of plausible values.
const pathsMost = 400

// wall plays a referral partner who wants to know: of a law-enforcement organisation,
// of a community partner's, and of the organisation that works the case. Every call
// of the document, with every plausible value of every parameter; every pull, push,
// digest and export; every way to ask wrongly. No byte of any answer may hold a
// planted string or the id of a row of a case.
func wall(t *testing.T, s *scene, paths []operation) {
	for _, org := range []string{police, community, ours} {
		t.Run(org, func(t *testing.T) {
			p := prier{s: s, t: t, who: s.home.at(org, partner), own: s.home.cases[org+"/"+partner], secrets: s.hidden(org)}
			for _, op := range paths {
				p.reads(op)
			}
			p.pulls()
			p.pushes(schema(t, s))
			p.asksWrongly(paths)
			t.Logf("%d answers, %d strings and ids looked for in each", p.heard, len(p.secrets))
			if p.heard < 500 {
				t.Errorf("%d answers were looked at: the check is nearly empty", p.heard)
			}
		})
	}
}

// prier is a partner with what they must not hear.
type prier struct {
	s       *scene
	t       *testing.T
	who     *harness.Device
	own     *dossier // the case that they referred
	secrets map[string]string
	heard   int
}

// hidden lists every planted string and the id of every row of every case but what
// the partner wrote: the person and the referral that are theirs.
func (s *scene) hidden(org string) map[string]string {
	marks := map[string]string{}
	for secret, where := range s.soil.secrets {
		marks[secret] = "planted in " + where
	}
	for _, c := range []*city{s.home, s.abroad} {
		for name, d := range c.cases {
			for table, rows := range d.rows {
				for _, row := range rows {
					if table != "staff" && table != "settings" {
						marks[row.ID()] = "the id of a row of " + table + " of " + name
					}
				}
			}
		}
	}
	mine := s.home.cases[org+"/"+partner]
	delete(marks, mine.person)
	delete(marks, mine.referral)
	return marks
}

// hear looks at one answer. What was asked for may be repeated, if it is an id.
func (p *prier) hear(what string, asked []string, answer harness.Answer) {
	p.t.Helper()
	p.heard++
	if !strings.HasPrefix(what, http.MethodHead) { // it has no body
		sound(p.t, what, answer)
	}
	text := strings.ToLower(string(readable(p.t, answer)))
	for _, id := range asked {
		text = strings.ReplaceAll(text, strings.ToLower(id), "")
	}
	for secret, where := range p.secrets {
		if strings.Contains(text, strings.ToLower(secret)) {
			p.t.Errorf("%s answers %q, %s", what, secret, where)
		}
	}
}

// call makes one request and hears the answer, gzipped and not.
func (p *prier) call(method, path string, body any, asked ...string) harness.Answer {
	p.t.Helper()
	answer, err := p.who.JSON(ctx(p.t), method, path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	p.hear(method+" "+path, asked, answer)
	return answer
}

// reads makes every call by GET, with every value of each parameter, alone and in
// every format.
func (p *prier) reads(op operation) {
	if op.method != http.MethodGet || op.id == "live" {
		return // live is asked by asksWrongly, with a short wait
	}
	for _, path := range p.variants(op) {
		answer, err := p.who.Raw(ctx(p.t), http.MethodGet, path, nil, map[string]string{"Accept-Encoding": "gzip"})
		if err != nil {
			p.t.Fatal(err)
		}
		p.hear("GET "+path, p.every(), answer)
	}
}

// every lists all ids that a partner could have heard elsewhere and ask for.
func (p *prier) every() []string {
	var ids []string
	for _, d := range p.s.home.cases {
		for _, rows := range d.rows {
			for _, row := range rows {
				ids = append(ids, row.ID())
			}
		}
	}
	return ids
}

// variants lists the paths of a call: each path parameter, and then each value of each
// query parameter alone, in each format, and with the required year.
func (p *prier) variants(op operation) []string {
	var paths []string
	for _, path := range p.rooted(op.path) {
		paths = append(paths, path)
		formats := []string{""}
		for _, q := range op.query {
			if q.name == "format" {
				formats = append(formats, q.values...)
			}
		}
		for _, format := range formats {
			for _, q := range op.query {
				for _, value := range p.plausible(q) {
					query := "?" + q.name + "=" + value
					if q.name != "year" && op.id == "summary" && q.name != "frozen" {
						query += "&year=2026"
					}
					if format != "" && q.name != "format" {
						query += "&format=" + format
					}
					paths = append(paths, path+query)
				}
			}
		}
	}
	if len(paths) > pathsMost {
		p.t.Fatalf("%s has %d variants: raise the limit or ask for less", op.id, len(paths))
	}
	return paths
}

// rooted fills a path's parameter with everything that it could name.
func (p *prier) rooted(path string) []string {
	if !strings.Contains(path, "{") {
		return []string{path}
	}
	var filledIn []string
	begin, end := strings.Index(path, "{"), strings.Index(path, "}")
	values := []string{p.own.service, p.s.home.cases[ours].service, p.s.home.cases[theirs].service, p.own.person, p.who.DeviceID, p.who.Tokens.User.ID}
	if strings.Contains(path, "{table}") {
		values = nil
		for table := range writes() {
			values = append(values, table)
		}
	}
	for _, value := range values {
		filledIn = append(filledIn, filled(path[:begin]+value+path[end+1:]))
	}
	return filledIn
}

// plausible lists the values that somebody would try of a parameter.
func (p *prier) plausible(q parameter) []string {
	d, c := p.s.home.cases[ours], p.s.home
	switch {
	case len(q.values) > 0:
		return q.values
	case q.format == "date":
		return []string{"2026-03-31", "2036-01-01"}
	case q.format == "date-time":
		return []string{"2020-01-01T00:00:00Z"}
	}
	switch q.name {
	case "worker_id", "actor":
		return []string{c.at(ours, worker).Tokens.User.ID, c.at(lead, worker).Tokens.User.ID}
	case "org_id":
		return []string{c.orgs[ours], c.orgs[lead], p.who.Tokens.User.OrgID}
	case "service_id":
		return []string{d.service, p.own.service}
	case "person_id":
		return []string{d.person, p.own.person}
	case "row":
		return []string{d.one("contact_attempts").ID(), p.own.referral}
	case "device":
		return []string{c.at(ours, worker).DeviceID}
	case "year":
		return []string{"2026", "2025", "2024"}
	case "frozen":
		return []string{frozenAt(p.t, p.s, c.at(ours, supervisor), own).echo, frozenAt(p.t, p.s, c.at(ours, director), own).echo}
	case "sort":
		return []string{"attempts", "-days_since_last_attempt", "person_code"}
	case "status":
		return []string{"refused", "pursuing"}
	case "reason", "action":
		return []string{"phone", "push"}
	case "limit":
		return []string{"1", "500"}
	}
	return []string{"AAAA"}
}

// pulls asks for everything that can be pulled: all, each table, each bucket, what is
// new, and the digests.
func (p *prier) pulls() {
	var buckets []string
	for _, c := range []*city{p.s.home, p.s.abroad} {
		for _, d := range c.cases {
			buckets = append(buckets, d.buckets...)
			for _, rows := range d.rows {
				for _, row := range rows {
					buckets = append(buckets, row.ID())
				}
			}
		}
	}
	pulls := []map[string]any{{"cursor": nil}, {"cursor": nil, "limit": 5000}, {"cursor": nil, "backfill": map[string]any{"from_schema": 1}},
		{"cursor": nil, "tables": []string{"people", "referrals", "contact_attempts"}}}
	for table := range writes() {
		pulls = append(pulls, map[string]any{"cursor": nil, "tables": []string{table}})
	}
	for begin := 0; begin < len(buckets); begin += 50 {
		pulls = append(pulls, map[string]any{"cursor": nil, "buckets": buckets[begin:min(begin+50, len(buckets))]})
	}
	for i, pull := range pulls {
		answer := p.call(http.MethodPost, "/v1/sync", map[string]any{"protocol": 1, "schema": 1 + i%2, "pull": pull})
		var page harness.Page
		if answer.Decode(&page) == nil {
			for table, change := range page.Changes {
				if len(change.Upsert)+len(change.Remove) > 0 && !received(partner, table) {
					p.t.Errorf("a pull %v brings rows of %s", pull, table)
				}
			}
		}
	}
	p.call(http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": nil})
	for _, id := range buckets {
		p.call(http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": nil, "after": id}, id)
	}
}

// pushes writes at every row of every case, by every operation, with good and with
// bad values, and hears what the results tell.
func (p *prier) pushes(tables map[string]map[string]declared) {
	for _, name := range []string{ours, theirs, p.name()} {
		d := p.s.home.cases[name]
		for table := range tables {
			var ids []string
			for _, row := range d.rows[table] {
				ids = append(ids, row.ID())
			}
			ids = append(ids, d.person, d.referral, d.service)
			var push []harness.Mutation
			c := tableCell{s: p.s, who: p.who, role: partner, table: table}
			insert, patch := c.values()
			for _, id := range ids {
				for _, base := range []int64{0, 1, 1 << 40} {
					again := harness.Insert(table, merged(insert, parents(table, d)))
					again.Row = id
					wrong := harness.Patch(table, id, base, map[string]any{"notes": 5, "nothing": true})
					push = append(push, harness.Patch(table, id, base, patch), harness.Delete(table, id, base), again, wrong)
				}
			}
			page := p.call(http.MethodPost, "/v1/sync", p.who.Request(push, nil))
			var answered harness.Page
			if page.Decode(&answered) == nil {
				for _, result := range answered.Results {
					if result.Row != nil || len(result.Conflicts) > 0 {
						p.t.Errorf("a result for a partner shows %v", result)
					}
				}
			}
		}
	}
}

// name is the partner's own case in the city's list.
func (p *prier) name() string {
	for name, d := range p.s.home.cases {
		if d == p.own {
			return name
		}
	}
	return ""
}

// asksWrongly makes every call with bodies and parameters that are wrong in each way,
// and a live poll.
func (p *prier) asksWrongly(paths []operation) {
	p.call(http.MethodGet, "/v1/sync/live?since=0&wait=1", nil)
	for _, op := range paths {
		if op.id == "logout" || op.id == "live" {
			continue // one ends the session that asks, the other answers without end
		}
		for _, path := range p.rooted(op.path) {
			if op.id == "revokeDevice" && strings.Contains(path, p.who.DeviceID) {
				continue
			}
			for _, body := range []any{nil, map[string]any{}, map[string]any{"id": 5, "row": []int{1}}, []any{1}, "text", map[string]any{"cursor": "AAAA", "protocol": 9}} {
				p.call(op.method, path+"?format=nothing&limit=0", body, p.every()...)
				p.call(op.method, path, body, p.every()...)
			}
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodOptions, http.MethodHead, http.MethodTrace} {
				p.call(method, path, nil, p.every()...)
			}
		}
	}
	for _, path := range []string{"/", "/v1", "/debug/pprof/", "/v1/people/" + p.own.person, "/v1/referrals/" + p.own.referral, fmt.Sprintf("/v1/sync?cursor=%d", 1)} {
		p.call(http.MethodGet, path, nil, p.every()...)
	}
}
