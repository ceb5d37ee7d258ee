package api

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pursuit/api/auth"
	"pursuit/models"
)

const (
	textLimit     = 500 // characters, docs/protocol.md section 2
	emailLimit    = 254 // characters, RFC 5321
	deviceIDLimit = 200 // characters; ours are UUIDs of 36
	tokenLimit    = 4096
)

var (
	localeForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)
	hourForm   = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	emailForm  = regexp.MustCompile(`^[^\s@\pC\pZ]+@[^\s@\pC\pZ]+$`)
)

// faults gathers everything that is wrong with a request, by place.
type faults []models.FieldFault

func (f *faults) add(location, message string) {
	*f = append(*f, models.FieldFault{Location: location, Message: message})
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	e := models.Invalid("", "")
	e.Faults = f
	return e
}

// text wants a text of at most max characters without control characters.
func (f *faults) text(location, value string, max int) {
	if utf8.RuneCountInString(value) > max {
		f.add(location, fmt.Sprintf("must be at most %d characters", max))
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		f.add(location, "must have no control characters, such as line ends")
	}
}

// required wants such a text that is not blank.
func (f *faults) required(location, value string, max int) {
	if strings.TrimSpace(value) == "" {
		f.add(location, "is required")
		return
	}
	f.text(location, value, max)
}

// name wants the name of a user or an organisation.
func (f *faults) name(location, value string) {
	if strings.TrimSpace(value) == "" {
		f.add(location, "is required")
	} else if why := models.NameFault(value); why != "" {
		f.add(location, why)
	}
}

func (f *faults) email(location, value string) {
	if strings.TrimSpace(value) == "" {
		f.add(location, "is required")
	} else if !ValidEmail(value) {
		f.add(location, fmt.Sprintf("must be an e-mail address like name@example.org, of at most %d characters", emailLimit))
	}
}

// ValidEmail tells whether a text can be an e-mail address, spaces around aside.
func ValidEmail(value string) bool {
	value = strings.TrimSpace(value)
	return utf8.RuneCountInString(value) <= emailLimit && utf8.ValidString(value) && emailForm.MatchString(value)
}

func (f *faults) id(location, value string) {
	if !models.ValidID(value) {
		f.add(location, "must be a lower-case UUID")
	}
}

func (f *faults) role(location string, value models.Role) {
	if !value.Valid() {
		f.add(location, "must be one of: "+joined(models.Roles))
	}
}

// joined lists codes.
func joined[T ~string](codes []T) string {
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = string(code)
	}
	return strings.Join(out, ", ")
}

func (f *faults) locale(location, value string) {
	if value != "" && !localeForm.MatchString(value) {
		f.add(location, `must be a language tag like "es" or "es-MX"`)
	}
}

func (f *faults) timeZone(location, value string) {
	if value != "" && !ValidTimeZone(value) {
		f.add(location, `must be an IANA time zone like "America/Los_Angeles"`)
	}
}

func (f *faults) hour(location, value string) {
	if !hourForm.MatchString(value) {
		f.add(location, `must be like "20:00"`)
	}
}

func (f *faults) password(location, value string) {
	if e := models.AsError(auth.CheckNew(location, value)); e != nil {
		*f = append(*f, e.Faults...)
	}
}

// ValidTimeZone tells whether a name is an IANA time zone that this binary knows.
func ValidTimeZone(name string) bool {
	if name == "" || name == "Local" || len(name) > 64 {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
