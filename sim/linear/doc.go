// Package linear checks that one row behaves as if every request happened at one
// moment between its call and its answer, whichever instance it went to.
//
// Several devices patch, delete, bring back and read one row at the same time. What
// they sent, got and when is a history; porcupine looks for an order of it that the
// rules of docs/protocol.md, section 5 allow (Model). Without such an order somebody
// read the past, an edit was lost or one was made twice.
//
//	go test ./sim/linear                       a few seconds a database
//	go test ./sim/linear -args -rows 200       longer
package linear
