package models_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pursuit/models"
)

// kinds gives one field of each type, as the tables declare them.
func kinds(t interface{ Fatalf(string, ...any) }) []*models.Field {
	var out []*models.Field
	for _, at := range [][2]string{{"people", "code"}, {"people", "notes"}, {"people", "supervision"}, {"people", "created_by"},
		{"people", "houseless"}, {"assessments", "arrest_count"}, {"contact_attempts", "latitude"}, {"people", "date_of_birth"},
		{"contact_attempts", "occurred_at"}, {"people", "phones"}, {"assessments", "factors"}, {"quarantine", "set"}, {"settings", "value"}} {
		table := models.Tables.Table(at[0])
		out = append(out, &table.Fields[table.Field(at[1])])
	}
	seen := map[models.Type]bool{}
	for _, f := range out {
		seen[f.Type] = true
	}
	if len(seen) != 12 {
		t.Fatalf("the fields cover %d of 12 types", len(seen))
	}
	return out
}

// Canon never panics, gives valid JSON, and what it gives it gives again: the
// stored form of a value is the only form.
func FuzzCanon(f *testing.F) {
	for _, raw := range []string{`null`, `""`, `"x"`, `"\u0000"`, `"\ud800"`, `" "`, `true`, `0`, `-0`, `1e400`, `1.0005`, `9007199254740993`,
		`[]`, `["a","a"]`, `[null]`, `["\u2028<&>"]`, `{}`, `{"male":"yes"}`, `{"male":null}`, `{"b":1,"a":[1e5,{"c":null}]}`,
		`{"\u0000":1}`, `"2026-02-30"`, `"2026-02-28"`, `"2026-11-20T17:04:05.1239+02:00"`, `"0000-01-01T00:00:00Z"`,
		`"019a9f60-0000-7000-8000-000000000000"`, "\"\xff\"", `{"a":1}{`, ``, ` `, `"`} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, field := range kinds(t) {
			once, fault := models.Canon(field, json.RawMessage(raw))
			if fault != "" {
				if once != nil {
					t.Fatalf("%s: a faulty value came back", field.Name)
				}
				continue
			}
			if !json.Valid([]byte(raw)) {
				continue // requests are valid JSON; here it is enough not to panic
			}
			if once != nil && !json.Valid(once) {
				t.Fatalf("%s: %q became %q, which is not JSON", field.Name, raw, once)
			}
			twice, fault := models.Canon(field, once)
			if fault != "" || !models.Equal(once, twice) {
				t.Fatalf("%s: %q became %q, and that %q (%s)", field.Name, raw, once, twice, fault)
			}
		}
	})
}

// A fault says what is allowed and never repeats what was sent.
func TestCanonFaultKeepsTheValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := "secret" + rapid.StringMatching(`[a-z]{8}`).Draw(t, "secret")
		raw := rapid.SampledFrom([]string{`"` + secret + `"`, `["` + secret + `",1]`, `{"` + secret + `":"` + secret + `"}`,
			`"` + strings.Repeat(secret, 4000) + `"`}).Draw(t, "raw")
		for _, f := range kinds(t) {
			if _, fault := models.Canon(f, json.RawMessage(raw)); strings.Contains(fault, secret) {
				t.Fatalf("%s: the fault repeats the value", f.Name)
			}
		}
	})
}

func TestCanonByHand(t *testing.T) {
	const good = ""
	cases := []struct{ table, field, raw, want, fault string }{
		{"people", "code", `"Blue Jay"`, `"Blue Jay"`, good},
		{"people", "code", `"  "`, ``, "must not be blank"},
		{"people", "first_name", `""`, `""`, good},
		{"people", "first_name", `"a\u0000b"`, ``, "must not contain U+0000"},
		{"people", "first_name", `"` + strings.Repeat("é", 500) + `"`, `"` + strings.Repeat("é", 500) + `"`, good},
		{"people", "first_name", `"` + strings.Repeat("é", 501) + `"`, ``, "must be at most 500 characters"},
		{"people", "notes", `"` + strings.Repeat("x", 20001) + `"`, ``, "must be at most 20000 characters"},
		{"people", "first_name", `null`, ``, good},
		{"people", "first_name", `7`, ``, "must be a string"},
		{"people", "phones", `["b","a","b"]`, `["b","a"]`, good},
		{"people", "phones", `["a",null]`, ``, "must be an array of strings"},
		{"people", "phones", `[` + strings.Repeat(`"a",`, 50) + `"b"]`, ``, "must have at most 50 entries"},
		{"people", "supervision", `"jail"`, ``, "must be one of: none, probation, parole, post_prison, unknown"},
		{"people", "houseless", `"true"`, ``, "must be true or false"},
		{"people", "date_of_birth", `"2001-02-29"`, ``, "must be a calendar date, YYYY-MM-DD"},
		{"people", "date_of_birth", `"2004-02-29"`, `"2004-02-29"`, good},
		{"contact_attempts", "occurred_at", `"2026-11-20T19:04:05.1239+02:00"`, `"2026-11-20T17:04:05.123Z"`, good},
		{"contact_attempts", "occurred_at", `"yesterday"`, ``, "must be an RFC 3339 timestamp"},
		{"contact_attempts", "latitude", `45.51234`, `45.512`, good},
		{"contact_attempts", "latitude", `-0.0001`, `0`, good},
		{"contact_attempts", "latitude", `90.5`, ``, "must be between -90 and 90"},
		{"contact_attempts", "duration_minutes", `1e1`, `10`, good},
		{"contact_attempts", "duration_minutes", `1.5`, ``, "must be a whole number"},
		{"contact_attempts", "service_id", `"019A9F60-0000-7000-8000-000000000000"`, ``, "must be a lower-case UUID"},
		{"assessments", "factors", `{"male":"yes","aged_18_44":"unknown"}`, `{"aged_18_44":"unknown","male":"yes"}`, good},
		{"assessments", "factors", `{"male":"maybe"}`, ``, "must be an object of yes, no or unknown"},
		{"settings", "value", `{"b": 1, "a": "<&>"}`, `{"a":"<&>","b":1}`, good},
		{"settings", "value", `{"a":1e999}`, ``, "must be JSON with numbers of ordinary size"},
		{"settings", "value", `"` + strings.Repeat("\xff", 16000) + `"`, ``, "must be at most 16384 bytes"},
	}
	for _, c := range cases {
		table := models.Tables.Table(c.table)
		got, fault := models.Canon(&table.Fields[table.Field(c.field)], json.RawMessage(c.raw))
		if string(got) != c.want || fault != c.fault {
			t.Errorf("%s.%s %.40s = %.60s (%s), want %.60s (%s)", c.table, c.field, c.raw, got, fault, c.want, c.fault)
		}
	}
}

// Quote writes what encoding/json reads back as the same text.
func TestQuoteIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var back string
		if err := json.Unmarshal(models.Quote(s), &back); err != nil || back != s {
			t.Fatalf("%q came back as %q, %v", s, back, err)
		}
		if models.Text(models.Quote(s)) != s {
			t.Fatalf("Text(Quote(%q)) = %q", s, models.Text(models.Quote(s)))
		}
		list := rapid.SliceOf(rapid.String()).Draw(t, "list")
		if got := models.Texts(models.TextsValue(list)); strings.Join(got, "\x00") != strings.Join(list, "\x00") {
			t.Fatalf("%q came back as %q", list, got)
		}
	})
}
