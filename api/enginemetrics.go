package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"pursuit/sync"
)

// engineMetrics reads the engine's numbers when they are scraped.
type engineMetrics struct {
	engine *sync.Engine
	shown  []shownStat
}

// shownStat is one number of the engine as a metric.
type shownStat struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(sync.Stats) float64
}

func newEngineMetrics(e *sync.Engine) *engineMetrics {
	m := &engineMetrics{engine: e}
	add := func(kind prometheus.ValueType, name, help string, of func(sync.Stats) float64) {
		m.shown = append(m.shown, shownStat{prometheus.NewDesc("pursuit_"+name, help, nil, nil), kind, of})
	}
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	add(gauge, "live_streams", "Live streams open now.", func(s sync.Stats) float64 { return float64(s.Streams) })
	add(counter, "live_looks_total", "Look-ups of whom commits concerned.", func(s sync.Stats) float64 { return float64(s.Looks) })
	add(gauge, "pushes_waiting", "Pushes that wait for a transaction.", func(s sync.Stats) float64 { return float64(s.PushesWaiting) })
	add(gauge, "audit_waiting", "Entries of the audit that are not stored yet.", func(s sync.Stats) float64 { return float64(s.AuditWaiting) })
	add(counter, "sweeps_total", "Sweeps over all programs.", func(s sync.Stats) float64 { return float64(s.Sweeps) })
	add(counter, "sweeps_failed_total", "Sweeps that did not come to their end.", func(s sync.Stats) float64 { return float64(s.SweepsFailed) })
	add(counter, "mutations_settled_total", "Waiting mutations that a sweep applied or quarantined.",
		func(s sync.Stats) float64 { return float64(s.Settled) })
	add(counter, "tombstones_collected_total", "Deleted rows removed after 400 days.", func(s sync.Stats) float64 { return float64(s.Collected) })
	return m
}

// Describe implements prometheus.Collector.
func (m *engineMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, s := range m.shown {
		out <- s.desc
	}
}

// Collect implements prometheus.Collector.
func (m *engineMetrics) Collect(out chan<- prometheus.Metric) {
	now := m.engine.Stats()
	for _, s := range m.shown {
		metric, err := prometheus.NewConstMetric(s.desc, s.kind, s.of(now))
		if err != nil {
			metric = prometheus.NewInvalidMetric(s.desc, err)
		}
		out <- metric
	}
}
