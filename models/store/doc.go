// Package store keeps Pursuit's state in SQLite or Postgres behind one vocabulary.
//
// It is the only package that imports GORM, and dialect.go is its only file that
// asks which database it talks to. Guarantees:
//
//  1. Transactions begin and end in InTx and InProgram (and in one-shot methods).
//     Both freeze Tx.Now and run the whole function again, a bounded number of
//     times, when the database asks for it.
//  2. InProgram is the only way to change synced rows. It admits one writer of a
//     program at a time, and advances the program's sequence as its last statement
//     by compare-and-swap: order of seq equals order of commit (docs/adr/0001).
//  3. Times are whole milliseconds UTC, stored as integers; dates and ids are text
//     (ids are uuid columns on Postgres).
//  4. Every key starts with the program's number.
package store
