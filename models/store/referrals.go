package store

import (
	"context"
	"fmt"
	"time"

	"pursuit/models"
)

// ReferralCount is a referral with how many services it led to.
type ReferralCount struct {
	ID         string
	ReceivedAt time.Time
	Services   int
	Pursuing   int // of these, how many are in pursuit: pursuing or slo_engaged
}

// ReferralsOf lists the referrals that a user inserted, by id, from after on.
func (s *Store) ReferralsOf(ctx context.Context, program int32, user, after string, limit int) ([]ReferralCount, error) {
	rows, err := s.readQuery(ctx, `SELECT r.id, r.created_at, count(v.id), coalesce(sum(CASE WHEN v.status IN (?, ?) THEN 1 ELSE 0 END), 0)
		FROM referrals r LEFT JOIN services v ON v.program_no = r.program_no AND v.referral_id = r.id
		WHERE r.program_no = ? AND r.created_by = ? AND r.id > ? GROUP BY r.id, r.created_at ORDER BY r.id LIMIT ?`,
		models.Pursuing, models.SLOEngaged, program, user, rowID(after), limit)
	if err != nil {
		return nil, fmt.Errorf("list referrals: %w", err)
	}
	defer rows.Close()
	var out []ReferralCount
	for rows.Next() {
		var r ReferralCount
		var at int64
		if err := rows.Scan(&r.ID, &at, &r.Services, &r.Pursuing); err != nil {
			return nil, fmt.Errorf("read referral: %w", err)
		}
		r.ReceivedAt = fromMillis(at)
		out = append(out, r)
	}
	return out, rows.Err()
}
