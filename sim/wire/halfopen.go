package wire

import (
	"sync/atomic"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// halfOpenKind is the name under which toxiproxy knows the toxic.
const halfOpenKind = "half_open"

// halfOpen is on every line of one direction. It passes everything on, until the
// lines up to a number are told to go deaf: then it swallows.
type halfOpen struct {
	lines    atomic.Int64 // opened so far
	deafUpTo atomic.Int64
}

// NewState numbers a line.
func (h *halfOpen) NewState() any { return h.lines.Add(1) }

// Pipe passes on, or swallows.
func (h *halfOpen) Pipe(stub *toxics.ToxicStub) {
	number := stub.State.(int64)
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			deaf := number <= h.deafUpTo.Load()
			if chunk == nil && !deaf { // a deaf line does not tell that the other side hung up
				stub.Close()
				return
			}
			if chunk == nil {
				return
			}
			if !deaf {
				stub.Output <- chunk
			}
		}
	}
}
