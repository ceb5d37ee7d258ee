// Package sim attacks a running server with many simulated devices and compares
// what they end up with to an oracle of its own (package oracle).
//
// A run is a list of operations drawn from a seed: people edit offline, devices
// sync with lost requests, lost answers, replays, page cuts and wrong clocks,
// cases change hands, roles change, servers and the database are killed. After
// every page each row is checked against the oracle, and once all is settled every
// device, the digests and the fate of each mutation. A failing list is shrunk.
//
//	go run ./sim/cmd/sim -seed 7 -ops 3000 -db postgres
package sim
