package store

import (
	"context"
	"errors"
	"sync"

	"github.com/riverqueue/river/riverdriver"
)

// callsKept is how many calls wait for a listener that is busy; what is beyond is
// dropped, and River's poll finds the job.
const callsKept = 64

// jobCalls is what LISTEN and NOTIFY are on Postgres, within one process.
type jobCalls struct {
	mu        sync.Mutex
	listeners map[*jobListener]bool
}

func (c *jobCalls) listener() *jobListener {
	return &jobListener{calls: c, topics: map[string]bool{}, heard: make(chan *riverdriver.Notification, callsKept)}
}

// notify tells those who listen. It does not wait.
func (c *jobCalls) notify(topic string, payloads []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.listeners {
		if !l.topics[topic] {
			continue
		}
		for _, payload := range payloads {
			select {
			case l.heard <- &riverdriver.Notification{Topic: topic, Payload: payload}:
			default: // it has enough to wake up for
			}
		}
	}
}

// jobListener hears the calls of its topics while it is connected.
type jobListener struct {
	calls  *jobCalls
	topics map[string]bool // guarded by calls.mu
	heard  chan *riverdriver.Notification
}

func (l *jobListener) Connect(context.Context) error {
	l.calls.mu.Lock()
	defer l.calls.mu.Unlock()
	if l.calls.listeners[l] {
		return errors.New("the listener is connected already")
	}
	if l.calls.listeners == nil {
		l.calls.listeners = map[*jobListener]bool{}
	}
	l.calls.listeners[l] = true
	return nil
}

func (l *jobListener) Close(context.Context) error {
	l.calls.mu.Lock()
	defer l.calls.mu.Unlock()
	delete(l.calls.listeners, l)
	return nil
}

func (l *jobListener) Listen(_ context.Context, topic string) error {
	l.calls.mu.Lock()
	defer l.calls.mu.Unlock()
	l.topics[topic] = true
	return nil
}

func (l *jobListener) Unlisten(_ context.Context, topic string) error {
	l.calls.mu.Lock()
	defer l.calls.mu.Unlock()
	delete(l.topics, topic)
	return nil
}

func (l *jobListener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case n := <-l.heard:
		return n, nil
	}
}

func (l *jobListener) Ping(context.Context) error   { return nil }
func (l *jobListener) Schema() string               { return "" }
func (l *jobListener) SetAfterConnectExec(_ string) {}
