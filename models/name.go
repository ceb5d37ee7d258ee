package models

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NameMax is the length of names of programs, organisations and users, in characters.
// Source: docs/protocol.md, section 2.
const NameMax = 500

// NameFault tells what is wrong with a name: "" when nothing is, else what is allowed.
// It never repeats the name.
func NameFault(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "must be valid UTF-8"
	case strings.TrimSpace(name) == "":
		return "must not be blank"
	case utf8.RuneCountInString(name) > NameMax:
		return "must be at most " + strconv.Itoa(NameMax) + " characters"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "must have no control characters, such as line ends"
	}
	return ""
}
