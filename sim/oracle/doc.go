// Package oracle is a second, independent reading of docs/protocol.md, sections 4
// to 6: it computes what every user must hold after a list of mutations taken one
// after another. It knows no HTTP, no database and none of the server's code.
//
// It is written for the simulation and covers what the simulation does: inserts,
// patches and deletes of case tables, the five policies, grants by creation,
// assignment and organisation, changes of role and organisation, deferral,
// quarantine and conflicts. Versions are counted per row: 1 is the insert. A
// mutation's base is the count that its device had seen, so no sequence numbers
// are needed.
package oracle
