// Package cadence decides which reminder of a service is due when, and for whom.
//
// Everything here is a pure function of a Case (what is known of one service), of
// the reminders that already exist, and of now. Nothing reads a clock, a database
// or a network, so every server that looks at the same rows comes to the same
// answer, and a test can stand at any instant.
//
// A scheduler needs one call a service:
//
//	plan := cadence.Evaluate(c, existing, now)
//	// insert plan.Raise, apply plan.Settle, look again at plan.Next
//
// Invariants, each held by a property test:
//
//  1. A reminder has a Key made of what it is about, never of when somebody
//     looked; raising is idempotent and the same on every server.
//  2. Of one kind and escalation at most one reminder of a service is raised at
//     once; after an outage only the latest week and the latest review are. (Action
//     items and probation-officer exceptions are each a thing of their own.)
//  3. A silence is told to the worker, then to the case manager, then to the
//     supervisor, each on its own day. A role that nobody holds makes nobody be
//     told earlier.
//  4. Nothing falls due strictly between now and NextDue unless the case changes.
//  5. An attempt that happened in time but arrived late leaves no reminder open.
//
// Source: docs/protocol.md; docs/domain.md, section 5.
package cadence
