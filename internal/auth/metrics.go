package auth

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tenantry/tenantry/internal/errs"
)

// The outcomes of an attempt to log in.
const (
	loginSuccess = "success"
	loginFailure = "failure" // a wrong address or password, or an inactive user
	loginDenied  = "denied"  // the correct password of a user of a suspended tenant
	loginDelayed = "delayed" // after too many wrong passwords
	loginBusy    = "busy"    // too many concurrent log-ins
	loginError   = "error"   // no decision, for example because the database is down or the client disconnected
)

func loginOutcome(err error) string {
	switch {
	case err == nil:
		return loginSuccess
	case errs.Is(err, errs.InvalidCredentials):
		return loginFailure
	case errs.Is(err, errs.TenantSuspended):
		return loginDenied
	case errs.Is(err, errs.TooManyAttempts):
		return loginDelayed
	case errs.Is(err, errs.Busy):
		return loginBusy
	default:
		return loginError
	}
}

func newLogins() *prometheus.CounterVec {
	logins := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tenantry_login_attempts_total", Help: "Attempts to log in, by outcome.",
	}, []string{"outcome"})
	// Created at zero, so that the first attempt shows as an increase.
	for _, outcome := range []string{loginSuccess, loginFailure, loginDenied, loginDelayed, loginBusy, loginError} {
		logins.WithLabelValues(outcome)
	}
	return logins
}

func newOmitted() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tenantry_audit_entries_omitted_total",
		Help: "Failed attempts of strangers that the audit trail omits, because there were too many.",
	})
}

// Collectors returns the metrics of log-ins and session checks.
func (s *Service) Collectors() []prometheus.Collector {
	checks := func(source string, count func(Checks) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tenantry_session_checks_total", ConstLabels: prometheus.Labels{"source": source},
			Help: "Requests with a valid token, by the source of the session's state: memory or database.",
		}, func() float64 { return float64(count(s.Checks())) })
	}
	live := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tenantry_invalidation_live",
		Help: "Whether the instance receives changes from other instances, so that it may cache sessions: 1 or 0.",
	}, func() float64 {
		if s.Checks().Live {
			return 1
		}
		return 0
	})
	return []prometheus.Collector{
		s.logins, s.omitted, live,
		checks("memory", func(c Checks) uint64 { return c.Remembered }), checks("database", func(c Checks) uint64 { return c.Asked }),
	}
}
