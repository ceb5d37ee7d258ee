// Package contract checks a running server against docs/protocol.md, sentence by
// sentence, over real HTTP and on both databases. It holds tests only.
//
//	go test ./sim/contract                                  # both databases
//	go test ./sim/contract -run 'TestContract/sqlite/merge'  # one section, one database
//
// A scenario gets a fresh program on a server shared with the others; one that
// moves the clock, kills or restores starts a server of its own.
package contract
