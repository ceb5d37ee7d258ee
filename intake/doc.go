// Package intake turns a list of referrals, such as a shooting review keeps, into the
// mutations that a person would have sent: a person, perhaps an assessment, and a
// referral for each line.
//
// It reads CSV and workbooks, knows the usual headings and takes a mapping for others,
// and tells what is wrong cell by cell. Ids are made from what a line says, so a list
// that is taken in again changes nothing. It writes nothing itself: whoever imports
// pushes the mutations through the engine, as the importing user and with that user's
// rights. Source: docs/reports.md, "Import".
package intake
