// Package scope says who holds which bucket and who may write what.
//
// It is pure: grants, memberships and rows come in as values. What a role may ever
// do stands in rules.go as a table; what a person holds is computed from intervals
// of the program's sequence in holding.go.
//
// Invariants:
//
//  1. What is not allowed here is denied.
//  2. A role's right to a table does not depend on any row, so that refusing by
//     role tells nothing about what exists.
//  3. Holding is a function of grants, memberships and a sequence number alone.
//
// Source: docs/protocol.md, section 6.
package scope
