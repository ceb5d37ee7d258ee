package retention

import (
	"context"
	"log/slog"
	"time"

	"pursuit/models"
)

// Run purges every program whenever a day has begun in its time zone, and at start,
// until ctx ends. It looks once an interval. Several servers may run it: a person
// goes once, and who comes later finds nothing to do.
func (p *Purger) Run(ctx context.Context, interval time.Duration) {
	done := map[string]string{} // program id → the date it was last purged on
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		p.look(ctx, done)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look purges the programs whose day has begun.
func (p *Purger) look(ctx context.Context, done map[string]string) {
	programs, err := p.store.Programs(ctx)
	if err != nil {
		slog.Warn("purge: could not list programs", "error", err)
		return
	}
	for _, program := range programs {
		today := p.today(program)
		if done[program.ID] == today {
			continue
		}
		out, err := p.Purge(ctx, program, false)
		if err != nil { // the next look tries again
			slog.Warn("purge failed", "program", program.ID, "error", err)
			continue
		}
		done[program.ID] = today
		if out.Persons > 0 || len(out.Faults) > 0 {
			slog.Info("purged", "program", program.ID, "persons", out.Persons, "rows", out.Rows, "faults", out.Faults)
		}
	}
}

func (p *Purger) today(program models.Program) string {
	zone, err := time.LoadLocation(program.TimeZone)
	if err != nil { // checked when the program was made
		zone = time.UTC
	}
	return p.store.Clock().In(zone).Format(models.DateLayout)
}
