// Package catalog holds the sentences that a push shows on a locked screen.
//
// They are whole and fixed: nothing is ever put into them, so no name, code, number,
// address, track or organisation can get out by one. What a push is about is read on
// the phone, from local rows, after unlocking.
//
// Every locale has every sentence; a test holds that. To add a language, add one case
// to texts and one name to Locales.
//
// Source: docs/domain.md, section 5.
package catalog
