package catalog

import "strings"

// Text is what a notification shows.
type Text struct {
	Title, Body string
}

// Kinds of sentence beside the kinds of reminder rows.
const (
	Digest = "digest"
	other  = "manual"
)

const fallback = "en"

// Kinds gives every kind that has a sentence: those of reminder rows, and the digest.
func Kinds() []string {
	return []string{
		"first_attempt_due", "attempt_due", "in_person_due", "silence", "review",
		"short_term_ending", "policy_exception", other, Digest,
	}
}

// Locales gives the languages that are complete. "zh" is written in simplified
// characters, "zh-hant" in traditional ones.
func Locales() []string {
	return []string{"en", "es", "vi", "ru", "so", "zh", "zh-hant"}
}

// Sentence gives the text of a kind in the language nearest to a locale such as
// "es-MX", "zh_TW" or "vi". An unknown language is answered in English, an unknown
// kind by the sentence of a plain reminder; neither appears in the text.
func Sentence(locale, kind string) Text {
	language := Resolve(locale)
	all := texts(language)
	body, known := all.bodies[kind]
	if !known {
		body = all.bodies[other]
	}
	return Text{Title: all.title, Body: body}
}

// Resolve gives the catalogue's language nearest to a locale: the longest part of it,
// from its beginning, that is there; else English.
func Resolve(locale string) string {
	tag := strings.ToLower(strings.ReplaceAll(locale, "_", "-"))
	tag, _, _ = strings.Cut(tag, ".") // zh_CN.UTF-8
	if traditional(tag) {
		return "zh-hant"
	}
	// A tag has few parts; what is longer is no tag.
	const maxParts = 8
	for range maxParts {
		for _, known := range Locales() {
			if tag == known {
				return known
			}
		}
		cut := strings.LastIndexByte(tag, '-')
		if cut < 0 {
			break
		}
		tag = tag[:cut]
	}
	return fallback
}

// traditional tells the regions whose Chinese is written in traditional characters.
func traditional(tag string) bool {
	if strings.HasPrefix(tag, "zh-hans") {
		return false
	}
	for _, region := range [...]string{"zh-tw", "zh-hk", "zh-mo"} {
		if tag == region || strings.HasPrefix(tag, region+"-") {
			return true
		}
	}
	return false
}

// language is one catalogue: a title for all, and a body for each kind.
type language struct {
	title  string
	bodies map[string]string
}

func texts(locale string) language {
	switch locale {
	case "es":
		return spanish()
	case "vi":
		return vietnamese()
	case "ru":
		return russian()
	case "so":
		return somali()
	case "zh":
		return chinese()
	case "zh-hant":
		return traditionalChinese()
	}
	return english()
}
