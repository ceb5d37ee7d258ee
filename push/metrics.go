package push

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"pursuit/push/fcm"
)

const scrapeLimit = 2 * time.Second // for the one metric that asks the database

// counts are what the service counts; labels are closed lists, never ids.
type counts struct {
	due, moot, deferred, sent, tickles, lookFailed    atomic.Int64
	forgotten, quota, retried, credential, rejections atomic.Int64
}

func (c *counts) failed(kind fcm.Kind) {
	switch kind {
	case fcm.Forget:
		c.forgotten.Add(1)
	case fcm.Quota:
		c.quota.Add(1)
	case fcm.Credential:
		c.credential.Add(1)
	case fcm.Rejected:
		c.rejections.Add(1)
	default:
		c.retried.Add(1)
	}
}

// Register adds the service's metrics to a registry.
func (s *Service) Register(r prometheus.Registerer) error {
	list := []prometheus.Collector{
		counter("pursuit_reminders_due_total", "Reminders that fell due and were raised.", nil, &s.counts.due),
		counter("pursuit_reminders_settled_total", "Open reminders that became moot, ended or gave way to others.", nil, &s.counts.moot),
		counter("pursuit_reminders_deferred_total", "Times a ready reminder was held back by quiet hours or the day's cap.", nil, &s.counts.deferred),
		counter("pursuit_reminder_looks_failed_total", "Looks at the reminders that failed.", nil, &s.counts.lookFailed),
		counter("pursuit_pushes_sent_total", "Pushes that FCM took, one a device.", nil, &s.counts.sent),
		counter("pursuit_tickles_sent_total", "Silent pushes that FCM took.", nil, &s.counts.tickles),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "pursuit_push_oldest_unsent_seconds",
			Help: "Age of the oldest push that was decided on and has not gone out; 0 when there is none."}, s.oldest),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "pursuit_push_credential_refused",
			Help: "1 while FCM refuses the push credential."}, func() float64 {
			if s.CredentialRefused() {
				return 1
			}
			return 0
		}),
	}
	for kind, n := range map[fcm.Kind]*atomic.Int64{fcm.Forget: &s.counts.forgotten, fcm.Quota: &s.counts.quota, fcm.Retry: &s.counts.retried,
		fcm.Credential: &s.counts.credential, fcm.Rejected: &s.counts.rejections} {
		list = append(list, counter("pursuit_pushes_failed_total", "Pushes that FCM did not take, by what is done about it.",
			prometheus.Labels{"kind": string(kind)}, n))
	}
	for _, c := range list {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func counter(name, help string, labels prometheus.Labels, n *atomic.Int64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels},
		func() float64 { return float64(n.Load()) })
}

func (s *Service) oldest() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit)
	defer cancel()
	made, any, err := s.store.OldestPush(ctx)
	if err != nil || !any {
		return 0
	}
	return max(s.store.Clock().Sub(made).Seconds(), 0)
}
