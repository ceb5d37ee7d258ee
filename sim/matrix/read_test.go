package matrix

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// entryLimit bounds what is unpacked of one part of a workbook.
const entryLimit = 32 << 20

// readable answers all that an answer says: its headers, its body unpacked, and where
// that is a workbook each of its parts.
func readable(t *testing.T, answer harness.Answer) []byte {
	t.Helper()
	body := answer.Body
	if answer.Header.Get("Content-Encoding") == "gzip" {
		plain, err := harness.Gunzip(body)
		if err != nil {
			t.Fatal(err)
		}
		body = plain
	}
	all := slices.Clone(body)
	if bytes.HasPrefix(body, []byte("PK\x03\x04")) {
		all = append(all, workbook(t, body)...)
	}
	for name, values := range answer.Header {
		all = append(all, "\n"+name+": "+strings.Join(values, " ")...)
	}
	return all
}

// workbook unpacks every part of a workbook, names included.
func workbook(t *testing.T, packed []byte) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, entry := range archive.File {
		part, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(io.LimitReader(part, entryLimit))
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, entry.Name...), text...)
		if err := part.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// contained tells whether a mark stands in a text, whatever the case of its letters.
func contained(text []byte, mark string) bool {
	return bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(mark)))
}
