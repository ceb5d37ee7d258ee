//go:build !trial

package store

import "github.com/pressly/goose/v3"

// trial is what a build for tests of schema versions migrates: nothing in this one.
func trial() []*goose.Migration { return nil }
