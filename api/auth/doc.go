// Package auth signs people in and tells who a request comes from.
//
// It knows no HTTP. Guarantees (docs/protocol.md, section 3):
//
//  1. No password and no token is stored: passwords are argon2id hashes, refresh
//     tokens a generation number under a MAC, access tokens signatures.
//  2. A change of a user, device or session counts for the next request, in this
//     process at once and in others as soon as the database tells of it; a missed
//     message costs stateTTL at most.
//  3. Answers about unknown accounts take the work and the time of wrong passwords.
//  4. A request with a token seen before touches no database.
package auth
