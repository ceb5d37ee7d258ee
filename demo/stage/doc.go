// Package stage plays the plan of package demo to the engine: it makes the program,
// its organisations and users, and pushes what each of them wrote, as its author and
// at its time.
//
// Nothing is written past the engine's rules: grants, status events and results come
// about as on any other day, and a mutation that the engine does not apply ends the
// play with an error that names it.
package stage
