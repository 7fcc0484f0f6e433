package admission

import "github.com/prometheus/client_golang/prometheus"

// Collectors returns the metrics of all kinds of work.
func (s *Shares) Collectors() []prometheus.Collector {
	var all []prometheus.Collector
	for i, kind := range s.Stats() {
		work := string(kind.Work)
		gauge := func(name, help, state string, value func(Stats) int) {
			labels := prometheus.Labels{"work": work}
			if state != "" {
				labels["state"] = state
			}
			all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
				func() float64 { return float64(value(s.Stats()[i])) }))
		}
		counter := func(name, help string, value func(Stats) int64) {
			all = append(all, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: prometheus.Labels{"work": work}},
				func() float64 { return float64(value(s.Stats()[i])) }))
		}
		const requests = "Requests that have or wait for a place, by kind of work and state."
		gauge("tenantry_work_requests", requests, "running", func(s Stats) int { return s.Held })
		gauge("tenantry_work_requests", requests, "waiting", func(s Stats) int { return s.Waiting })
		gauge("tenantry_work_places", "Places of all tenants together, by kind of work.", "", func(s Stats) int { return s.Total })
		counter("tenantry_work_waits_total", "Requests that had to wait for a place, by kind of work.", func(s Stats) int64 { return s.Waits })
		counter("tenantry_work_refused_total", "Requests that got no place, by kind of work.", func(s Stats) int64 { return s.Refused })
	}
	return all
}
