package models

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// null is how an unset value travels. Inside the server it is a nil slice.
var null = []byte("null")

// Canon checks one value against its field and returns it in canonical JSON, so
// that equal values are equal bytes. A JSON null is returned as nil.
//
// The second result is empty when the value is good, else it says what is allowed;
// it never repeats the value.
func Canon(f *Field, raw json.RawMessage) (json.RawMessage, string) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, null) {
		return nil, ""
	}
	switch f.Type {
	case TypeText, TypeCode, TypeID, TypeDate, TypeTimestamp:
		return canonString(f, raw)
	case TypeBool:
		if string(raw) == "true" || string(raw) == "false" {
			return raw, ""
		}
		return nil, "must be true or false"
	case TypeInteger, TypeNumber:
		return canonNumber(f, raw)
	case TypeTextList:
		return canonList(f, raw)
	case TypeFactors:
		return canonFactors(raw)
	default:
		return canonObject(f, raw)
	}
}

func canonString(f *Field, raw json.RawMessage) (json.RawMessage, string) {
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return nil, "must be a string"
	}
	switch f.Type {
	case TypeID:
		if !ValidID(s) {
			return nil, "must be a lower-case UUID"
		}
	case TypeCode:
		if !contains(f.Values, s) {
			return nil, "must be one of: " + strings.Join(f.Values, ", ")
		}
	case TypeDate:
		if _, err := time.Parse(DateLayout, s); err != nil || len(s) != len(DateLayout) {
			return nil, "must be a calendar date, YYYY-MM-DD"
		}
	case TypeTimestamp:
		t, ok := ParseTime(s)
		if !ok {
			return nil, "must be an RFC 3339 timestamp"
		}
		s = FormatTime(t)
	default:
		if why := checkText(f, s); why != "" {
			return nil, why
		}
	}
	return Quote(s), ""
}

func checkText(f *Field, s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		return "must not contain U+0000"
	}
	if utf8.RuneCountInString(s) > f.MaxLength {
		return "must be at most " + strconv.Itoa(f.MaxLength) + " characters"
	}
	if f.Required && strings.TrimSpace(s) == "" {
		return "must not be blank"
	}
	return ""
}

// ParseTime reads an RFC 3339 timestamp, rounded to milliseconds UTC. What would lie
// outside the years 1 to 9999 in UTC is moved to their edge: no clock is refused.
func ParseTime(s string) (time.Time, bool) {
	t, ok := parseInstant(s)
	if !ok {
		return time.Time{}, false
	}
	return clampTime(Millis(t)), true
}

// instant is the grammar of RFC 3339, section 5.6. The standard library passes over
// some of what it forbids (one digit of an hour, a comma) and lacks some of what it
// allows (small letters, leap seconds).
var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:(\d\d)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

func parseInstant(s string) (time.Time, bool) {
	if len(s) == len(TimeLayout) && s[10] == 'T' && s[19] == '.' && s[23] == 'Z' { // as nearly all are
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t, true
		}
	}
	parts := instant.FindStringSubmatchIndex(s)
	if parts == nil {
		return time.Time{}, false
	}
	s = strings.ToUpper(s)
	leap := s[parts[2]:parts[3]] == "60"
	if leap {
		s = s[:parts[2]] + "59" + s[parts[3]:]
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err == nil && leap {
		t = t.Add(time.Second)
	}
	return t, err == nil
}

func clampTime(t time.Time) time.Time {
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}

func canonNumber(f *Field, raw json.RawMessage) (json.RawMessage, string) {
	var n json.Number
	if raw[0] == '"' || json.Unmarshal(raw, &n) != nil {
		return nil, "must be a number"
	}
	x, err := n.Float64()
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return nil, "must be a number"
	}
	if f.Type == TypeInteger && x != math.Trunc(x) {
		return nil, "must be a whole number"
	}
	if x < f.Min || x > f.Max {
		return nil, "must be between " + formatNumber(f.Min) + " and " + formatNumber(f.Max)
	}
	if f.Type == TypeNumber { // coordinates: three decimals are about 100 m, no front door
		x = math.Round(x*1000) / 1000
	}
	return []byte(formatNumber(x)), ""
}

func formatNumber(x float64) string {
	if x == 0 { // no "-0"
		return "0"
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

func canonList(f *Field, raw json.RawMessage) (json.RawMessage, string) {
	var list []string
	if raw[0] != '[' || !onlyStrings(raw, &list) {
		return nil, "must be an array of strings"
	}
	if len(list) > ListMax {
		return nil, "must have at most " + strconv.Itoa(ListMax) + " entries"
	}
	seen := make(map[string]bool, len(list))
	out := []byte{'['}
	for _, s := range list {
		if why := checkText(&Field{MaxLength: f.MaxLength}, s); why != "" {
			return nil, why
		}
		if seen[s] {
			continue
		}
		seen[s] = true
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = AppendQuoted(out, s)
	}
	return append(out, ']'), ""
}

// onlyStrings decodes an array and refuses nulls, which encoding/json would turn into "".
func onlyStrings(raw json.RawMessage, out *[]string) bool {
	var list []*string
	if json.Unmarshal(raw, &list) != nil {
		return false
	}
	for _, s := range list {
		if s == nil {
			return false
		}
		*out = append(*out, *s)
	}
	return true
}

func canonFactors(raw json.RawMessage) (json.RawMessage, string) {
	var have map[string]string
	if raw[0] != '{' || json.Unmarshal(raw, &have) != nil {
		return nil, "must be an object of yes, no or unknown"
	}
	for key, v := range have {
		if !contains(riskFactors, key) {
			return nil, "may only have the keys: " + strings.Join(riskFactors, ", ")
		}
		if v != "yes" && v != "no" && v != "unknown" {
			return nil, "must be an object of yes, no or unknown"
		}
	}
	return marshal(have), ""
}

func canonObject(f *Field, raw json.RawMessage) (json.RawMessage, string) {
	if len(raw) > ObjectMax {
		return nil, "must be at most " + strconv.Itoa(ObjectMax) + " bytes"
	}
	if f.Type == TypeObject && raw[0] != '{' {
		return nil, "must be an object"
	}
	if bytes.Contains(raw, []byte(`\u0000`)) {
		return nil, "must not contain U+0000"
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || !finite(v) {
		return nil, "must be JSON with numbers of ordinary size"
	}
	out := marshal(v) // sorts keys
	if len(out) > ObjectMax {
		return nil, "must be at most " + strconv.Itoa(ObjectMax) + " bytes"
	}
	return out, ""
}

// numberMax is how long a number in a free value may be written.
const numberMax = 64

// finite tells whether every number in a JSON value fits a double, for databases
// refuse what does not. Depth is bounded where the request is read.
func finite(v any) bool {
	switch x := v.(type) {
	case json.Number:
		f, err := x.Float64()
		plainZero := f == 0 && !strings.ContainsAny(string(x), "eE")
		return err == nil && len(x) <= numberMax && !math.IsInf(f, 0) && (plainZero || math.Abs(f) >= 1e-300)
	case []any:
		for _, e := range x {
			if !finite(e) {
				return false
			}
		}
	case map[string]any:
		for _, e := range x {
			if !finite(e) {
				return false
			}
		}
	}
	return true
}

// marshal writes v as JSON without HTML escapes. It is only given values that
// came out of JSON, which always marshal.
func marshal(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Quote writes s as a JSON string.
func Quote(s string) json.RawMessage { return AppendQuoted(make([]byte, 0, len(s)+2), s) }

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s as a JSON string: control characters, quotes and
// backslashes escaped, everything else as UTF-8. Invalid UTF-8 becomes U+FFFD.
func AppendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			b = appendASCII(b, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		b = utf8.AppendRune(b, r)
		i += n
	}
	return append(b, '"')
}

func appendASCII(b []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(b, '\\', c)
	case c == '\n':
		return append(b, '\\', 'n')
	case c == '\t':
		return append(b, '\\', 't')
	case c == '\r':
		return append(b, '\\', 'r')
	case c < ' ':
		return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(b, c)
}

// Text reads a canonical JSON string; nil and anything else is "".
func Text(v json.RawMessage) string {
	if len(v) < 2 || v[0] != '"' {
		return ""
	}
	if inner := v[1 : len(v)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}

// Texts reads a canonical array of strings; nil is an empty list.
func Texts(v json.RawMessage) []string {
	var list []string
	if v == nil || json.Unmarshal(v, &list) != nil {
		return nil
	}
	return list
}

// TextsValue writes a list of strings as canonical JSON.
func TextsValue(list []string) json.RawMessage {
	out := []byte{'['}
	for i, s := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = AppendQuoted(out, s)
	}
	return append(out, ']')
}

// BoolValue writes a truth value.
func BoolValue(b bool) json.RawMessage { return strconv.AppendBool(nil, b) }

// IntValue writes a whole number.
func IntValue(n int64) json.RawMessage { return strconv.AppendInt(nil, n, 10) }

// TimeValue writes a timestamp.
func TimeValue(t time.Time) json.RawMessage { return Quote(FormatTime(t)) }

// Equal tells whether two canonical values are the same.
func Equal(a, b json.RawMessage) bool { return bytes.Equal(a, b) }
