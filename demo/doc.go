// Package demo writes the script of a demonstration program: one year of a
// Ceasefire-style programme, told as the mutations that its people would have sent.
//
// The counts are real, everything else is invented. ceasefire-2024.csv holds the
// monthly figures of the Portland Public Safety Service Area, Ceasefire Program,
// 2024 Annual Report; the monthly summary, rebuilt from the records of the plan as of
// the last day of 2024, equals that table in every cell. Names, codes, addresses and
// notes are made up, phone numbers lie in the ranges kept for fiction (555-0100 to
// 555-0199), and coordinates lie in the river.
//
// The package is pure: it reads no clock, no file and no random source, so the same
// build always tells the same year, with the same ids. It writes nothing itself;
// whoever runs a demo feeds Plan.Steps to the engine, so that grants, status events
// and audit come from the same rules as on any other day.
//
// How the year is made: figures.go reads the table, cohort.go deals out each month's
// referrals, tracks and final statuses, opening.go brings the cases in and assigns
// them, course.go decides when a case turns, pursuit.go fills the weeks with contact
// attempts that keep the cadence, and journal.go puts all of it in order of time.
package demo
