// Package push tells people in time: it raises and settles reminder rows, sends the
// pushes that go with them, and wakes sleeping devices when something changed.
//
// One look goes in one straight line: which services are due (models/store) → what
// the rules say of each (cadence) → rows, through the sync engine → who may be told
// now (quiet) → a row and a job of River for each device → FCM (fcm) → what became of it.
//
// Invariants:
//
//  1. A service is looked at when its clock says so, or at once when something of it
//     changed; a quiet hour costs nothing, however large the caseload.
//  2. Rows and pushes have ids made of what they are about, and both are decided on
//     while the program is held: several instances decide once.
//  3. A push and its job are put in by one transaction. River gives the job to one
//     instance, and to another when that one died; it is recorded after FCM took it, so
//     a crash in between costs one repeat with the same id, never a loss.
//  4. What became moot before it was sent is not sent.
//  5. No push, log line, metric or error carries anything but ids, kinds and counts.
//
// Source: docs/domain.md, section 5; docs/adr/0008-push-delivery.md.
package push
