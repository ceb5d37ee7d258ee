// Package schema lets apps of two schemas work on one database, through a server of
// the first schema and then one of the second, over real HTTP on SQLite and Postgres
// (docs/protocol.md, section 9; docs/adr/0010-schema-versions.md). The second schema
// is that of the build tag trial: people.preferred_name, known_contacts.standing with
// the default "active", and the table errands.
package schema
