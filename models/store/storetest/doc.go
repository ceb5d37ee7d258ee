// Package storetest hands tests real, migrated, empty databases of both kinds.
//
// SQLite is a file in the test's own folder. Postgres is a database of its own on
// a server that is started once for the test process, as an unprivileged user, on
// a Unix socket, and that ends with the process however that ends. With
// PURSUIT_TEST_POSTGRES_URL set, that server is used instead, so that one serves
// all packages of a run. A machine without Postgres fails; it does not skip.
package storetest
