// Package crew lets devices write without pause through whatever goes wrong with
// servers, databases and wires, and then holds the server to what it acknowledged.
//
// Every member edits rows of its own alone, in order, and sends a batch again until
// it is answered. So what must stand at the end is known without any rule of merging:
// the fold of all that was ever made, each mutation once. Judge compares it with what
// the server has, with every member's local store and with a fresh installation.
package crew
