package push

import (
	"context"

	"pursuit/models"
	"pursuit/push/cadence"
)

// Preview says which rule of a service fires next if nothing more happens, and why.
type Preview struct {
	ServiceID string    `json:"service_id"`
	AsOf      string    `json:"as_of"`
	Due       bool      `json:"due"`  // the next one is due already and will be raised at once
	Next      *Foreseen `json:"next"` // null: nothing is foreseen
	Why       string    `json:"why"`  // roles, counts and times only
}

// Foreseen is the reminder that comes next.
type Foreseen struct {
	Rule       string `json:"rule"`
	Kind       string `json:"kind"`
	DueAt      string `json:"due_at"`
	Role       string `json:"role"`
	UserID     string `json:"user_id"`
	Escalation int    `json:"escalation"`
}

// Explain looks at one service as it stands now; not_found when there is none.
func (s *Service) Explain(ctx context.Context, program int32, service string) (Preview, error) {
	c, err := s.store.ReminderCase(ctx, program, service)
	if err != nil {
		return Preview{}, err
	}
	stored, err := s.store.ReminderSettings(ctx, program)
	if err != nil {
		return Preview{}, err
	}
	programs, err := s.store.Programs(ctx)
	if err != nil {
		return Preview{}, err
	}
	var of models.Program
	for _, p := range programs {
		if p.No == program {
			of = p
		}
	}
	now := s.store.Clock()
	said := cadence.Explain(newRules(of, stored).caseOf(c), existing(c), now)
	out := Preview{ServiceID: service, AsOf: models.FormatTime(now), Due: said.Now, Why: said.Words}
	if n := said.Next; n.Key != (cadence.Key{}) {
		out.Next = &Foreseen{Rule: n.Key.Rule, Kind: n.Kind, DueAt: models.FormatTime(n.DueAt), Role: n.Role, UserID: n.UserID, Escalation: n.Escalation}
	}
	return out, nil
}
