// Package reports counts the work: how hard a service pursues a person (intensity of effort),
// and what became of a year's referrals (the monthly summary).
//
// The counting half is pure. It takes small input structs whose fields are the columns of the
// typed tables, returns values, and imports the standard library alone; the moment it looks
// from is a value (Window, as_of), never a clock. Files that write a format or load rows are
// the only ones that may import more; imports_test.go holds that line.
//
// Intensity streams: NewIntensity, then for each service Begin, Add for each attempt in order
// of occurred_at, Finish. Memory grows with the services and workers and with 8 bytes an
// attempt (for the workers' median freshness), not with the attempts' rows. The summary takes
// its records whole: a year of a program is some thousands of rows.
//
// Rules that hold everywhere:
//   - A calendar date (referred_on, a status event's on) is a date in the program's zone.
//   - A service is in pursuit from referred_on to the date it left pursuing or slo_engaged,
//     both dates counted, and again from a reopening.
//   - The status as of a date is that of the last recorded event whose date is not after it.
//   - null says "there is nothing to divide by" or "it has not happened"; it is never 0.
//
// Source: docs/domain.md, sections 3 and 4.
package reports
