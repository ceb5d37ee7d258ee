package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// Toxic is one disturbance of one direction of a link. Up is from the caller to the
// server, down the way back. What the attributes mean stands in toxiproxy's README.
type Toxic struct {
	Kind  string
	Up    bool
	Attrs map[string]any
	// Share of the lines that get it, by chance; 0 is all of them.
	Share float32
}

// Link is a TCP proxy on a loopback port whose lines can be disturbed.
//
// Toxics change only while no line is open: toxiproxy can hang for good when it takes
// one from a line whose ends are gone. So Disturb and Heal close every line, as a
// router does that starts anew; HalfOpen and Silence leave them open and deaf.
type Link struct {
	upstream, address string
	proxy             *toxiproxy.Proxy
	ears              []*halfOpen // one a direction
}

// NewLink starts a link to an address, host:port.
func NewLink(upstream string) (*Link, error) {
	toxics.Register(halfOpenKind, new(halfOpen))
	zerolog.SetGlobalLevel(zerolog.Disabled) // some toxics log past the logger they are given
	link := &Link{upstream: upstream, address: "127.0.0.1:0"}
	if err := link.Disturb(); err != nil {
		return nil, err
	}
	link.address = link.proxy.Listen
	return link, nil
}

// Address answers where the link listens, host:port.
func (l *Link) Address() string { return l.address }

// Disturb closes every line and gives those to come the toxics, and no others.
func (l *Link) Disturb(list ...Toxic) error {
	l.Cut()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l.proxy = toxiproxy.NewProxy(server, "link", l.address, l.upstream)
	l.ears = nil
	for _, up := range []bool{true, false} {
		wrapper, err := l.add(Toxic{Kind: halfOpenKind, Up: up}, len(l.ears))
		if err != nil {
			return err
		}
		l.ears = append(l.ears, wrapper.Toxic.(*halfOpen))
	}
	for i, one := range list {
		if _, err := l.add(one, i); err != nil {
			return err
		}
	}
	return l.Mend()
}

func (l *Link) add(one Toxic, number int) (*toxics.ToxicWrapper, error) {
	stream := map[bool]string{true: "upstream", false: "downstream"}[one.Up]
	share := one.Share
	if share == 0 {
		share = 1
	}
	text, err := json.Marshal(map[string]any{"name": fmt.Sprintf("%s %d", one.Kind, number), "type": one.Kind,
		"stream": stream, "toxicity": share, "attributes": one.Attrs})
	if err != nil {
		return nil, fmt.Errorf("encode a toxic: %w", err)
	}
	wrapper, err := l.proxy.Toxics.AddToxicJson(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("add %s: %w", one.Kind, err)
	}
	return wrapper, nil
}

// HalfOpen lets the lines that are open now swallow everything in both directions
// and never close, as after a router forgot them. Lines opened later are whole.
func (l *Link) HalfOpen() {
	for _, ear := range l.ears {
		ear.deafUpTo.Store(ear.lines.Load())
	}
}

// Silence is HalfOpen for the lines to come as well.
func (l *Link) Silence() {
	for _, ear := range l.ears {
		ear.deafUpTo.Store(math.MaxInt64)
	}
}

// Heal makes new lines whole and closes those that are open: some lost bytes, and a
// stream with a hole is nothing that TCP would ever deliver.
func (l *Link) Heal() error { return l.Disturb() }

// Cut closes every line and refuses new ones until Mend.
func (l *Link) Cut() {
	if l.proxy != nil {
		l.proxy.Stop()
	}
}

// Mend lets new lines in again, at the same address.
func (l *Link) Mend() error {
	if err := l.proxy.Start(); err != nil {
		return fmt.Errorf("start a link: %w", err)
	}
	return nil
}
