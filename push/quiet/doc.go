// Package quiet decides when a person's pushes may go: not in their quiet hours, not
// in a pile, and at most so many a local day.
//
// Everything is a pure function of the person, of what waits for them, of what was
// sent to them, and of now. A scheduler calls Plan for a person who has something
// waiting, sends what it says, records each push as sent together with the reminders
// it covers, and calls again at Round.LookAt.
//
// Invariants, each held by a property test:
//
//  1. Nothing is sent in quiet hours, in whatever zone and however clocks change.
//  2. What was held back is told by one push when the hours end.
//  3. A local day has at most the cap of pushes and one digest more.
//  4. Each waiting reminder is covered by exactly one push in the end.
//
// Source: docs/domain.md, section 5.
package quiet
