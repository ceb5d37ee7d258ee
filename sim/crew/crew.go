package crew

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"pursuit/sim/harness"
)

const (
	// pause lies between two turns of a member that was not answered.
	pause = 20 * time.Millisecond
	// Patience is how long a member waits for one answer before it sends again.
	Patience = 5 * time.Second
)

// Crew is members of one organisation of one program.
type Crew struct {
	Members []*Member
	Stats   Stats

	calm *harness.Session // a supervisor whose requests meet no fault
}

// Plan says who takes part.
type Plan struct {
	Seed    uint64
	Members int
	// Bases are the servers that members call, Calm one that is reached undisturbed.
	Bases []string
	Calm  string
}

// Enlist makes an organisation of the program with a supervisor on every second
// device and an outreach worker on the others, signed in.
func Enlist(ctx context.Context, program *harness.Program, plan Plan) (*Crew, error) {
	org, err := program.Org(ctx, fmt.Sprintf("Crew %d", plan.Seed), "service_provider")
	if err != nil {
		return nil, err
	}
	crew := &Crew{}
	if crew.calm, err = program.User(ctx, "supervisor", org); err != nil {
		return nil, err
	}
	crew.calm.Client.Base = plan.Calm
	for i := range plan.Members {
		role := []string{"supervisor", "outreach_worker"}[i%2]
		session, err := program.User(ctx, role, org)
		if err != nil {
			return nil, err
		}
		// A connection pool of its own: one member's broken connections are not another's.
		session.HTTP = &http.Client{Timeout: Patience, Transport: &http.Transport{DisableCompression: true}}
		crew.Members = append(crew.Members, &Member{Device: harness.NewDevice(session), Name: fmt.Sprintf("%s%d", role, i),
			Bases: plan.Bases, random: rand.New(rand.NewPCG(plan.Seed, uint64(i))), whole: role == "supervisor", stats: &crew.Stats, pull: []int{0, 7, 40}[i%3]})
	}
	return crew, nil
}

// Work lets everybody write until ctx ends or a promise is broken, which it answers.
func (c *Crew) Work(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, len(c.Members))
	var group sync.WaitGroup
	for i, member := range c.Members {
		group.Go(func() {
			for ctx.Err() == nil && errs[i] == nil {
				answered, err := member.Turn(ctx)
				if err != nil && ctx.Err() == nil {
					errs[i] = err
					stop()
				}
				if !answered {
					time.Sleep(pause)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// Flush lets everybody send what is still queued, again until it is answered, and
// pull all there is. It fails when that takes longer than limit.
func (c *Crew) Flush(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	errs := make([]error, len(c.Members))
	var group sync.WaitGroup
	for i, member := range c.Members {
		group.Go(func() { errs[i] = member.flush(ctx) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func (m *Member) flush(ctx context.Context) error {
	for ctx.Err() == nil {
		if len(m.queue) > 0 {
			if _, err := m.exchange(ctx); err != nil {
				return err
			}
		} else if _, err := m.PullAll(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return fmt.Errorf("%s: %d mutations are not acknowledged in time: %w", m.Name, len(m.queue), ctx.Err())
}

// Acknowledged counts the mutations that were answered.
func (c *Crew) Acknowledged() int {
	count := 0
	for _, member := range c.Members {
		for _, one := range member.made {
			if one.result != nil {
				count++
			}
		}
	}
	return count
}
