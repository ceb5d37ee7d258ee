// Package sync is the engine: it pushes what devices wrote into a program and pulls
// what concerns them out of it.
//
// The path of a push is one sentence: look up replays, load the rows and grants it
// speaks of, decide with the pure rules of sync/scope and sync/merge, save rows,
// feed, grants, conflicts and results in one transaction, and take the sequence
// numbers as its last statement.
//
// Invariants, each attacked by a test:
//
//  1. Order of sequence equals order of commit; a reader never skips a row.
//  2. A mutation id has one result for ever; a replay changes nothing.
//  3. A bad mutation is an outcome, never an error: it does not touch its neighbours.
//  4. Every mutation received is stored: applied, kept as conflict, waiting,
//     quarantined or rejected.
//  5. What a device gets is a pure function of grants, rows and its cursor.
//  6. What may not be seen is answered like what does not exist.
//  7. A losing value is kept as a conflict; an unseen edit outlives a delete.
//
// It keeps the name of the standard library's package and exports none of its names.
// Source: docs/protocol.md.
package sync
