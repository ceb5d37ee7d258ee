// Package models holds the nouns of Pursuit: tables, fields, codes and merge
// policies as data, rows, mutations, results, actors, ids and errors.
//
// It imports nothing of the project, so that every other package can import it.
// What a table is, who may read it and how its fields merge is declared once, in
// tables.go; the schema route, the validator, the typed SQL tables and the merge
// engine all read that declaration.
package models
