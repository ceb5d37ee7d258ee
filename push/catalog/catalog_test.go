package catalog_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"pursuit/push/cadence"
	"pursuit/push/catalog"
	"pursuit/push/quiet"
)

// TestEveryLanguageIsComplete: each kind has its own sentence in each language.
func TestEveryLanguageIsComplete(t *testing.T) {
	const longest = 140 // what a locked screen shows without cutting
	for _, locale := range catalog.Locales() {
		kindsOf := map[string]string{}
		for _, kind := range catalog.Kinds() {
			text := catalog.Sentence(locale, kind)
			if text.Title == "" || text.Body == "" || utf8.RuneCountInString(text.Body) > longest {
				t.Errorf("%s %s: %q, %q", locale, kind, text.Title, text.Body)
			}
			if twin, taken := kindsOf[text.Body]; taken {
				t.Errorf("%s: %s and %s say the same", locale, kind, twin)
			}
			kindsOf[text.Body] = kind
			if english := catalog.Sentence("en", kind); locale != "en" && (text.Body == english.Body || text.Title == english.Title) {
				t.Errorf("%s %s: still in English", locale, kind)
			}
		}
	}
}

// TestEveryReminderHasASentence: the kinds of cadence and the digest of quiet.
func TestEveryReminderHasASentence(t *testing.T) {
	kinds := strings.Join(catalog.Kinds(), " ")
	for _, kind := range []string{cadence.KindFirstAttempt, cadence.KindAttempt, cadence.KindInPerson, cadence.KindSilence,
		cadence.KindReview, cadence.KindShortTermEnding, cadence.KindPolicyException, cadence.KindManual, quiet.TypeDigest} {
		if !strings.Contains(kinds, kind) {
			t.Errorf("%s has no sentence", kind)
		}
	}
}

// TestSentencesSayNothingOfACase: no digits, no placeholders, none of the words that
// would tell a bystander what the work is.
func TestSentencesSayNothingOfACase(t *testing.T) {
	telling := []string{"slo", "icm", "hhp", "tvif", "ceasefire", "probation", "parole", "police", "gang", "shooting", "hospital", "custody",
		"libertad condicional", "условно", "假释", "缓刑"}
	for _, locale := range catalog.Locales() {
		for _, kind := range catalog.Kinds() {
			text := catalog.Sentence(locale, kind)
			whole := strings.ToLower(text.Title + " " + text.Body)
			if strings.ContainsFunc(whole, unicode.IsDigit) || strings.ContainsAny(whole, "%{}$<>@") {
				t.Errorf("%s %s: %q has room for a value", locale, kind, whole)
			}
			for _, word := range strings.FieldsFunc(whole, func(r rune) bool { return !unicode.IsLetter(r) }) {
				for _, bad := range telling {
					if word == bad {
						t.Errorf("%s %s: %q tells %s", locale, kind, whole, bad)
					}
				}
			}
		}
	}
}

func TestResolve(t *testing.T) {
	cases := map[string]string{
		"en": "en", "en-GB": "en", "": "en", "fr": "en", "fr-CA": "en", "C": "en", "english": "en",
		"es": "es", "es-MX": "es", "es_419": "es", "ES": "es", "es-MX-u-nu-latn": "es",
		"vi-VN": "vi", "ru_RU.UTF-8": "ru", "so-SO": "so",
		"zh": "zh", "zh-CN": "zh", "zh-Hans": "zh", "zh-Hans-HK": "zh", "zh_SG": "zh",
		"zh-Hant": "zh-hant", "zh-Hant-TW": "zh-hant", "zh_TW": "zh-hant", "zh-HK": "zh-hant",
	}
	for locale, want := range cases {
		if got := catalog.Resolve(locale); got != want {
			t.Errorf("%q: got %s, want %s", locale, got, want)
		}
	}
}

// TestAnythingGetsASentence: whatever a profile or a newer kind says, there is a
// text, and it is one of the catalogue's.
func TestAnythingGetsASentence(t *testing.T) {
	whole := map[catalog.Text]bool{}
	for _, locale := range catalog.Locales() {
		for _, kind := range catalog.Kinds() {
			whole[catalog.Sentence(locale, kind)] = true
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := catalog.Sentence(rapid.String().Draw(rt, "locale"), rapid.String().Draw(rt, "kind"))
		if !whole[text] {
			rt.Fatalf("got %+v", text)
		}
	})
	if got := catalog.Sentence("es", "PLANTED"); got != catalog.Sentence("es", "manual") {
		t.Errorf("got %+v", got)
	}
}
