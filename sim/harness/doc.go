// Package harness runs the built pursuit binary as its users meet it: processes,
// databases, HTTP and nothing else.
//
// A Site is one database with its working folder and settings; a Server is one
// process serving it; a Program is a tenant made by the bootstrap command; a
// Session is a signed-in device; a Device is a Session with the local store that
// docs/protocol.md, section 4, asks of every client. The package imports none of
// the server's own code, so what it checks is the contract alone.
package harness
