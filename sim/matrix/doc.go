// Package matrix asks the built server who may do what, cell by cell.
//
// The routes come from api/openapi.yaml and the tables from GET /v1/sync/schema, the
// expectations from docs/protocol.md (sections 2, 3 and 6), docs/domain.md (who
// writes, who receives) and docs/reports.md (roles): a route, a parameter that takes
// an id, a table or a role that nobody wrote an expectation for fails the test.
//
// Each cell is asked of something of the caller's own organisation, of another
// organisation, of another program, and of a random id. What may not be seen must be
// answered like what does not exist, to the byte; nothing may be answered 5xx.
//
// The wall between providers and law enforcement is a property here: unique strings
// are planted in every text of every case, and no byte that a referral partner can
// reach, no log line and no metric may hold one of them.
//
// Everything is asked over HTTP, on SQLite and on PostgreSQL.
package matrix
