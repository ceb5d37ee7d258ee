package wire

import (
	"sync/atomic"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// halfOpenKind is the name under which toxiproxy knows the toxic.
const halfOpenKind = "half_open"

// halfOpen swallows what flows on the lines that were open when it was added.
type halfOpen struct {
	past atomic.Bool // lines that open from now on are whole
}

// deaf is the state of a line: whether it swallows.
type deaf struct{ yes bool }

// NewState tells a new or an old line by when it asks.
func (h *halfOpen) NewState() any { return &deaf{yes: !h.past.Load()} }

// Pipe swallows, or passes on.
func (h *halfOpen) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			if !stub.State.(*deaf).yes {
				stub.Output <- chunk
			}
		}
	}
}

// Cleanup closes a line that swallowed.
func (h *halfOpen) Cleanup(stub *toxics.ToxicStub) {
	if stub.State.(*deaf).yes {
		stub.Close()
	}
}
