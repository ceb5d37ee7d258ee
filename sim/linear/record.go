package linear

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"pursuit/sim"
	"pursuit/sim/harness"
)

const (
	// moments is among how many times edits choose theirs: few, so that many tie.
	moments = 12
	// impatience is how long, at most, an impatient device waits before it sends the
	// same again, in microseconds.
	impatience = 4000
	// triesMost bounds how often one request is sent.
	triesMost = 50
)

// Company is devices of one organisation's supervisors that talk about the same rows.
type Company struct {
	clients []*client
	bases   []string
	began   time.Time
	seed    uint64
}

type client struct {
	*harness.Device
	number int
	random *rand.Rand
	// base is the row's number as this device last saw it.
	base int64
	// erased is set after a delete of this device that was applied.
	erased bool
	log    []porcupine.Operation
}

// Gather signs devices in on a world with a fresh program.
func Gather(ctx context.Context, w *sim.World, seed uint64, clients int) (*Company, error) {
	if clients > clientsMost {
		return nil, fmt.Errorf("%d devices; the model knows %d", clients, clientsMost)
	}
	program, err := w.Site.Bootstrap(ctx, w.Servers[0].URL, fmt.Sprintf("linear%d", seed))
	if err != nil {
		return nil, err
	}
	org, err := program.Org(ctx, "Company", "service_provider")
	if err != nil {
		return nil, err
	}
	company := &Company{began: time.Now(), seed: seed}
	for _, server := range w.Servers {
		company.bases = append(company.bases, server.URL)
	}
	for i := range clients {
		session, err := program.User(ctx, "supervisor", org)
		if err != nil {
			return nil, err
		}
		session.HTTP = harness.NewHTTP("")
		company.clients = append(company.clients, &client{Device: harness.NewDevice(session), number: i, random: rand.New(rand.NewPCG(seed, uint64(i)))})
	}
	return company, nil
}

// History lets the first so many devices work on one fresh row and answers what
// happened. Two leave each other room to delete, many stand in each other's way.
func (c *Company) History(ctx context.Context, devices, requests int) ([]porcupine.Operation, error) {
	row, crowd := harness.NewID(), c.clients[:min(devices, len(c.clients))]
	for _, one := range crowd {
		one.log, one.base, one.erased = nil, 0, false
	}
	if err := c.clients[0].request(ctx, c, c.clients[0].edit(row, Insert)); err != nil {
		return nil, err
	}
	errs := make([]error, len(crowd))
	var group sync.WaitGroup
	for i, one := range crowd {
		group.Go(func() {
			for range requests {
				if errs[i] = one.next(ctx, c, row); errs[i] != nil {
					return
				}
			}
			errs[i] = one.read(ctx, c, row, false)
		})
	}
	group.Wait()
	var history []porcupine.Operation
	for _, one := range crowd {
		history = append(history, one.log...)
	}
	return history, errors.Join(errs...)
}

// next makes one request: mostly a patch or a read, now and then a delete, and an
// insert of the same id, which nobody may make twice.
func (c *client) next(ctx context.Context, in *Company, row string) error {
	if c.erased { // its own edit does not bring the row back
		c.erased = false
		return c.request(ctx, in, c.edit(row, Patch))
	}
	switch draw := c.random.IntN(20); {
	case draw < 7:
		return c.read(ctx, in, row, draw%2 == 0)
	case draw < 17:
		return c.request(ctx, in, c.edit(row, Patch))
	case draw < 19: // of what was just seen, or it would hardly ever be applied
		if err := c.read(ctx, in, row, true); err != nil {
			return err
		}
		return c.request(ctx, in, c.edit(row, Delete))
	}
	return c.request(ctx, in, c.edit(row, Insert))
}

// edit is a mutation with what the model must know of it.
type edit struct {
	wire  harness.Mutation
	input Input
}

func (c *client) edit(row string, kind Kind) edit {
	at := time.Now().Truncate(time.Second).Add(-time.Duration(1+c.random.IntN(moments)) * time.Second)
	e := edit{input: Input{Kind: kind, Client: c.number, Base: c.base, At: at.UnixMilli()}}
	set := map[string]any{}
	for i, field := range fields {
		if kind == Insert || kind == Patch && (c.random.IntN(3) > 0 || i == 1 && len(set) == 0) {
			e.input.Set[i] = fmt.Sprintf("%s %d.%d", field, c.number, c.random.IntN(4)) // now and then the same again
			set[field] = e.input.Set[i]
		}
	}
	switch kind {
	case Insert:
		set["code"] = "Row"
		e.wire, e.input.Base = harness.Insert("people", set), 0
		e.wire.Row = row
	case Patch:
		e.wire = harness.Patch("people", row, c.base, set)
	case Delete:
		e.wire = harness.Delete("people", row, c.base)
	}
	e.wire.At, e.input.Mutation = harness.At(at), e.wire.ID
	return e
}

// request pushes an edit. An impatient device gives up on its request and sends it
// again: it must count once, at some moment between the first call and the answer.
func (c *client) request(ctx context.Context, in *Company, e edit) error {
	call := time.Since(in.began).Nanoseconds()
	for try := range triesMost {
		waiting, cancel := ctx, context.CancelFunc(func() {})
		if try < 3 && c.random.IntN(5) == 0 {
			waiting, cancel = context.WithTimeout(ctx, time.Duration(c.random.IntN(impatience))*time.Microsecond)
		}
		page, err := c.send(waiting, in, harness.SyncRequest{Push: []harness.Mutation{e.wire}})
		gaveUp := waiting.Err() != nil && ctx.Err() == nil
		cancel()
		if err != nil && gaveUp {
			continue
		}
		if err != nil {
			return err
		}
		got := page.Results[0]
		c.erased = e.input.Kind == Delete && got.Status == "applied"
		c.log = append(c.log, porcupine.Operation{ClientId: c.number, Input: e.input, Call: call,
			Output: Output{Status: got.Status, Code: got.Code, V: got.V}, Return: time.Since(in.began).Nanoseconds()})
		return nil
	}
	return fmt.Errorf("no answer in %d tries", triesMost)
}

// send makes one exchange with an instance chosen by chance. It tells no device time,
// so that a slow machine is not taken for a wrong clock.
func (c *client) send(ctx context.Context, in *Company, request harness.SyncRequest) (harness.Page, error) {
	c.Base = in.bases[c.random.IntN(len(in.bases))]
	request.Protocol, request.Schema = harness.Protocol, harness.Schema
	answer, err := c.JSON(ctx, http.MethodPost, "/v1/sync", request)
	if err != nil {
		return harness.Page{}, err
	}
	var page harness.Page
	if answer.Status != http.StatusOK {
		return page, fmt.Errorf("status %d: %.300s", answer.Status, answer.Body)
	}
	if err := answer.Decode(&page); err != nil {
		return page, err
	}
	if len(page.Results) != len(request.Push) {
		return page, fmt.Errorf("%d results for %d mutations", len(page.Results), len(request.Push))
	}
	return page, nil
}

// read looks at the row: by fetching its bucket whole, or by following the stream
// until it is complete and looking at the local store.
func (c *client) read(ctx context.Context, in *Company, row string, bucket bool) error {
	call := time.Since(in.began).Nanoseconds()
	var found harness.Row
	var err error
	if bucket {
		found, err = c.fetch(ctx, in, row)
	} else {
		found, err = c.follow(ctx, in, row)
	}
	if err != nil {
		return err
	}
	out := Output{Live: found != nil}
	if found != nil {
		out.V = found.V()
		for i, field := range fields {
			out.Values[i] = found.Text(field)
		}
		c.base = found.V()
	}
	c.log = append(c.log, porcupine.Operation{ClientId: c.number, Input: Input{Kind: Read, Client: c.number}, Call: call,
		Output: out, Return: time.Since(in.began).Nanoseconds()})
	return nil
}

func (c *client) fetch(ctx context.Context, in *Company, row string) (harness.Row, error) {
	page, err := c.send(ctx, in, harness.SyncRequest{Pull: &harness.Pull{Buckets: []string{row}, Tables: []string{"people"}}})
	if err != nil {
		return nil, err
	}
	for _, one := range page.Changes["people"].Upsert {
		if one.ID() == row {
			return one, nil
		}
	}
	return nil, nil
}

func (c *client) follow(ctx context.Context, in *Company, row string) (harness.Row, error) {
	c.Only = []string{"people"}
	for range triesMost {
		page, err := c.send(ctx, in, harness.SyncRequest{Pull: c.NextPull()})
		if err != nil {
			return nil, err
		}
		c.Apply(page)
		if page.Complete {
			return c.Row("people", row), nil
		}
	}
	return nil, fmt.Errorf("a pull is not complete after %d pages", triesMost)
}
