package fcm

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/messaging"
	"golang.org/x/oauth2"
	"google.golang.org/api/option"
)

// defaultTimeout bounds one Send, the SDK's own retries included: they take about 7 s
// when each attempt fails at once.
const defaultTimeout = 15 * time.Second

// Config says where pushes go.
type Config struct {
	// CredentialsFile is a service account's key file; empty means the log driver.
	CredentialsFile string
	// Endpoint is FCM's base address without /v1; empty is Google's.
	Endpoint string
	// Timeout bounds one Send; 0 is 15 s.
	Timeout time.Duration
}

// Sender sends one push to one device. The error is a *Fault.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Open gives the sender that a configuration asks for. It reads the credentials file
// and calls nobody.
func Open(ctx context.Context, config Config, log *slog.Logger) (Sender, error) {
	if config.CredentialsFile == "" {
		return &Log{log: log}, nil
	}
	return New(ctx, config)
}

// Client sends through FCM. It is safe for use by many goroutines.
type Client struct {
	messages *messaging.Client
	tokens   *tokens
	timeout  time.Duration
}

// New makes a client from a credentials file; its context must live as long as the
// client.
//
// The client brings its own HTTP transport, which signs each request and notes each
// answer: the SDK keeps neither Retry-After nor the reason of a failed token.
func New(ctx context.Context, config Config) (*Client, error) {
	timeout := config.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	account, err := readAccount(ctx, config.CredentialsFile, &http.Client{Timeout: timeout})
	if err != nil {
		return nil, err
	}
	held := &tokens{fetch: account.fetch}
	options := []option.ClientOption{option.WithHTTPClient(&http.Client{
		Transport: &oauth2.Transport{Source: held, Base: noting{base: transport()}},
	})}
	if config.Endpoint != "" {
		options = append(options, option.WithEndpoint(strings.TrimRight(config.Endpoint, "/")+"/v1"))
	}
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: account.projectID}, options...)
	if err != nil {
		return nil, fmt.Errorf("open firebase: %w", err)
	}
	messages, err := app.Messaging(ctx)
	if err != nil {
		return nil, fmt.Errorf("open messaging: %w", err)
	}
	return &Client{messages: messages, tokens: held, timeout: timeout}, nil
}

// connections are kept to FCM while it is idle for a moment: as many as an instance has
// sends under way. Google answers by HTTP/2, where one carries them all; over HTTP/1
// (a proxy, a stand-in) Go would keep two and open a new one for nearly every push.
const connections = 512

func transport() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	own := standard.Clone() // HTTP/2, the proxy of the environment, its time limits
	own.MaxIdleConns, own.MaxIdleConnsPerHost = connections, connections
	return own
}

// Send hands one message to FCM. nil means that FCM took it, not that the phone showed
// it. After a Fault of kind Retry the message may still have been taken: its id makes
// the repeat take the first one's place.
func (c *Client) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	if _, err := c.tokens.Token(); err != nil {
		return tokenFault(err)
	}
	sending, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	seen := &exchange{giveUp: cancel}
	_, err := c.messages.Send(context.WithValue(sending, exchangeKey{}, seen), m.wire(time.Now()))
	if err == nil {
		return nil
	}
	if gone := ctx.Err(); gone != nil {
		return &Fault{Kind: Retry, Code: "given_up", Status: seen.status, cause: gone}
	}
	if seen.status == http.StatusUnauthorized {
		c.tokens.drop()
	}
	return classify(err, seen)
}

// exchange is what was seen of the answers to one Send. The SDK makes its attempts one
// after another, so nothing here is shared between goroutines.
type exchange struct {
	status     int
	retryAfter time.Duration
	giveUp     context.CancelFunc
}

type exchangeKey struct{}

// noting is a transport that notes each answer in the request's exchange. When an
// answer asks for a pause that does not fit into the rest of the time, it ends the
// SDK's waiting at once: a queue can wait better than a goroutine.
type noting struct{ base http.RoundTripper }

func (n noting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := n.base.RoundTrip(request)
	seen, ok := request.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return response, err
	}
	if err != nil {
		seen.status, seen.retryAfter = 0, 0
		return response, err
	}
	now := time.Now()
	seen.status, seen.retryAfter = response.StatusCode, retryAfter(response.Header, now)
	deadline, limited := request.Context().Deadline()
	if response.StatusCode == http.StatusServiceUnavailable && limited && now.Add(seen.retryAfter).After(deadline) {
		seen.giveUp()
	}
	return response, err
}
