package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

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
type Link struct {
	proxy *toxiproxy.Proxy
	added int
}

// NewLink starts a link to an address, host:port.
func NewLink(upstream string) (*Link, error) {
	toxics.Register(halfOpenKind, new(halfOpen))
	zerolog.SetGlobalLevel(zerolog.Disabled) // some toxics log past the logger they are given
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	link := &Link{proxy: toxiproxy.NewProxy(server, "link", "127.0.0.1:0", upstream)}
	if err := link.proxy.Start(); err != nil {
		return nil, fmt.Errorf("start a link: %w", err)
	}
	return link, nil
}

// Address answers where the link listens, host:port.
func (l *Link) Address() string { return l.proxy.Listen }

// Disturb adds toxics to the lines that are open and to those to come.
func (l *Link) Disturb(list ...Toxic) error {
	for _, one := range list {
		if _, err := l.add(one); err != nil {
			return err
		}
	}
	return nil
}

func (l *Link) add(one Toxic) (*toxics.ToxicWrapper, error) {
	l.added++
	stream := map[bool]string{true: "upstream", false: "downstream"}[one.Up]
	share := one.Share
	if share == 0 {
		share = 1
	}
	text, err := json.Marshal(map[string]any{"name": fmt.Sprintf("%s %d", one.Kind, l.added), "type": one.Kind,
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
func (l *Link) HalfOpen() error {
	for _, up := range []bool{true, false} {
		wrapper, err := l.add(Toxic{Kind: halfOpenKind, Up: up})
		if err != nil {
			return err
		}
		wrapper.Toxic.(*halfOpen).past.Store(true)
	}
	return nil
}

// Heal takes all toxics away. Lines that lost bytes are closed: a stream with a hole
// is nothing that TCP would ever deliver.
func (l *Link) Heal(ctx context.Context) { l.proxy.Toxics.ResetToxics(ctx) }

// Cut closes every line and refuses new ones until Mend.
func (l *Link) Cut() { l.proxy.Stop() }

// Mend lets new lines in again, at the same address.
func (l *Link) Mend() error {
	if err := l.proxy.Start(); err != nil {
		return fmt.Errorf("mend a link: %w", err)
	}
	return nil
}
