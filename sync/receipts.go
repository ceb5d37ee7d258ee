package sync

import (
	"context"
	"time"

	"pursuit/models"
)

// Receipt tells a referral partner that a referral arrived and whether anybody is
// still pursued because of it. It says nothing else: docs/protocol.md, section 6.
type Receipt struct {
	ID         string `json:"id"`
	ReceivedOn string `json:"received_on"` // YYYY-MM-DD in the program's time zone
	Status     string `json:"status"`      // received or closed
}

// Receipts lists a partner's own referrals by id, from after on.
func (e *Engine) Receipts(ctx context.Context, who models.Actor, after string, limit int) ([]Receipt, error) {
	list, err := e.store.ReferralsOf(ctx, who.Program, who.UserID, after, limit)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(who.TimeZone)
	if err != nil { // checked when the program was made
		zone = time.UTC
	}
	out := make([]Receipt, len(list))
	for i, r := range list {
		out[i] = Receipt{ID: r.ID, ReceivedOn: r.ReceivedAt.In(zone).Format(models.DateLayout), Status: "received"}
		if r.Services > 0 && r.Pursuing == 0 {
			out[i].Status = "closed"
		}
	}
	return out, nil
}
