// Package wire puts toxiproxy between devices and servers and between servers and
// PostgreSQL, and tells what must hold behind a bad line: every mutation stands
// exactly once, a request ends in bounded time, and all of it recovers by itself.
//
//	go test ./sim/wire                     about a minute
//	go test ./sim/wire -timeout 60m -args -spell 30s
package wire
