// Command broken breaks the server's guarantees on purpose, one at a time, and shows
// that a test catches each: a test that no fault can fail proves nothing.
//
//	go run ./sim/broken                  all of them, some minutes
//	go run ./sim/broken -only audit      those whose name holds the word
//	go run ./sim/broken -check           only whether each can still be broken so
//
// Each *.patch here is one fault: above the diff stands what it breaks, which promise
// that is, and which tests must fail. The command makes a git worktree of HEAD, sees
// that the tests pass as it is, puts in one fault after another and runs its tests,
// and prints a table. A fault that does not compile or that no test notices fails.
//
// TestPatches in this folder holds the patches to the code: one that does not apply
// any more, or names a test that is gone, fails with every other test.
// docs/reliability.md has the list.
package main
