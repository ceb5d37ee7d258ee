// Package merge holds the merge rules: what one mutation does to one row, field by
// field, and what is kept of the values that lose.
//
// It is pure: values in, values out, no clock, context or database.
//
// Invariants, each with a property test:
//
//  1. Fields(Fields(r, e), e) == Fields(r, e): a repeated edit changes nothing.
//  2. A field that nobody else changed after the edit's base takes the edit's value.
//  3. Whenever a value loses under latest, text, authority or max, it stands in a Conflict.
//  4. Two edits of one base that change it end in the same value of a latest or max field, and in
//     the same members of a set below its limit, in both orders of arrival.
//  5. A device's second edit of a set or text, made before it saw what the first
//     became, takes nothing away that others put in.
//  6. Edits of one text that all are known (Edit.Woven) end in the same text in every order of
//     arrival, and each line that somebody wrote is in it or kept.
//  7. A delete and an edit it had not seen end in a standing row in both orders.
//
// Source: docs/protocol.md, section 5.
package merge
