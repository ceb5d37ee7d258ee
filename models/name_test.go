package models

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, good := range []string{"P", "Portland Ceasefire", "Programa de Paz – Ñandú 🕊", strings.Repeat("é", NameMax)} {
		if why := NameFault(good); why != "" {
			t.Errorf("%.20q is refused: %s", good, why)
		}
	}
	for bad, want := range map[string]string{"": "blank", " \t ": "blank", "a\xff": "UTF-8", "\xed\xa0\x80": "UTF-8", strings.Repeat("é", NameMax+1): "500",
		"a\nb": "control", "a\x00": "control", "a\x7f": "control", "a\u0085b": "control"} {
		if why := NameFault(bad); !strings.Contains(why, want) {
			t.Errorf("%.20q is answered %q", bad, why)
		}
	}
}
