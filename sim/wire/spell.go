package wire

import "fmt"

// Spell is a kind of bad weather: the toxics that a link gets together.
type Spell struct {
	Name   string
	Toxics []Toxic
	// HalfOpen lets the lines go deaf besides, half-way through.
	HalfOpen bool
}

func down(kind string, attrs map[string]any) Toxic { return Toxic{Kind: kind, Attrs: attrs} }
func up(kind string, attrs map[string]any) Toxic   { return Toxic{Kind: kind, Up: true, Attrs: attrs} }

// each gives a toxic for both directions.
func each(kind string, attrs map[string]any) []Toxic {
	return []Toxic{up(kind, attrs), down(kind, attrs)}
}

// cutAfter ends lines once so many bytes went one way.
func cutAfter(bytes int) map[string]any { return map[string]any{"bytes": bytes} }

// Spells is all single toxics, both ways, and the combinations that phones meet.
// Sizes are chosen about the requests of a crew: 1 to 20 kB up, up to 60 kB down.
func Spells() []Spell {
	late := map[string]any{"latency": 60, "jitter": 50}
	slices := map[string]any{"average_size": 40, "size_variation": 30, "delay": 200}
	list := []Spell{
		{Name: "latency and jitter", Toxics: each("latency", late)},
		{Name: "slow close", Toxics: each("slow_close", map[string]any{"delay": 400})},
		{Name: "slicer", Toxics: each("slicer", slices)},
		{Name: "bandwidth", Toxics: each("bandwidth", map[string]any{"rate": 60})},
		{Name: "swallowed requests", Toxics: []Toxic{up("timeout", map[string]any{"timeout": 0})}},
		{Name: "swallowed answers", Toxics: []Toxic{down("timeout", map[string]any{"timeout": 0})}},
		{Name: "swallowed answers, then closed", Toxics: []Toxic{down("timeout", map[string]any{"timeout": 150})}},
		{Name: "reset by the caller's side", Toxics: []Toxic{up("reset_peer", map[string]any{"timeout": 15})}},
		{Name: "reset by the server's side", Toxics: []Toxic{down("reset_peer", map[string]any{"timeout": 15})}},
		{Name: "half open", HalfOpen: true},
	}
	for _, bytes := range []int{700, 4000, 20000} {
		list = append(list, Spell{Name: fmt.Sprintf("requests cut after %d bytes", bytes), Toxics: []Toxic{up("limit_data", cutAfter(bytes))}},
			Spell{Name: fmt.Sprintf("answers cut after %d bytes", bytes), Toxics: []Toxic{down("limit_data", cutAfter(bytes))}})
	}
	resets := down("reset_peer", map[string]any{"timeout": 5})
	swallows := down("timeout", map[string]any{"timeout": 100})
	resets.Share, swallows.Share = 0.4, 0.4
	return append(list,
		Spell{Name: "some lines reset, some swallow", Toxics: []Toxic{resets, swallows}},
		Spell{Name: "slow and cut", Toxics: append(each("latency", late), up("limit_data", cutAfter(9000)), down("limit_data", cutAfter(30000)))},
		Spell{Name: "sliced, narrow and cut", Toxics: append(each("slicer", slices), up("bandwidth", map[string]any{"rate": 90}), down("limit_data", cutAfter(15000)))},
		Spell{Name: "late and reset", Toxics: append(each("latency", late), down("reset_peer", map[string]any{"timeout": 40}))},
		Spell{Name: "late and half open", Toxics: each("latency", late), HalfOpen: true},
	)
}
