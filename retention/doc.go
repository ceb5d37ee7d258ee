// Package retention takes persons out of a program when their time is over: the
// schedule is the setting retention_days, a legal_hold stops it, and counts stay.
//
// A person's time is over when none of their services goes on (each is refused,
// unable_to_place or closed) and nothing of theirs has changed for retention_days.
// An organisation's longer schedule, or its hold, keeps every person that it holds.
// Without a schedule nobody is ever taken out.
//
// What goes: every row of the person and of their services with its former versions,
// what is remembered of the mutations of these rows, what waits and what stands in
// quarantine because of them. Devices that still hold them drop them. What stays: the
// counts in the summaries of the program and of each organisation, the number of rows
// by table, ids in the audit, and ended grants. Source: docs/domain.md, section 6.
package retention
