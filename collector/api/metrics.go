package api

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics count what the collector does: never a name, an id or an address.
type Metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.HistogramVec
	turned   *prometheus.CounterVec
	updates  prometheus.Counter
}

// NewMetrics starts counting.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dayline_call_seconds", Help: "Calls by procedure and outcome (empty: answered).",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"procedure", "code"}),
		turned: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dayline_calls_turned_away_total", Help: "Calls refused before their handler, by code.",
		}, []string{"code"}),
		updates: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "dayline_update_bytes_total", Help: "Bytes that agents fetched to update themselves.",
		}),
	}
	m.registry.MustRegister(m.calls, m.turned, m.updates,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Watch adds a figure that is read when asked for.
func (m *Metrics) Watch(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Count adds a sum that is read when asked for.
func (m *Metrics) Count(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// Handler serves them.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	return mux
}

func (m *Metrics) called(procedure, code string, took time.Duration) {
	m.calls.WithLabelValues(procedure, code).Observe(took.Seconds())
}

func (m *Metrics) fetched(bytes int64) { m.updates.Add(float64(bytes)) }

func (m *Metrics) refused(code string) { m.turned.WithLabelValues(code).Inc() }
