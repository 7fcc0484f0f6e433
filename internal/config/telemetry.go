package config

import (
	"errors"
	"net/url"
	"path"
	"strings"
)

// sentryDSN reads where errors are reported. It has a key in it.
func sentryDSN(field *Secret) parser {
	return func(value string) error {
		u, err := url.Parse(value)
		if err != nil || !isHTTP(u) || u.User.Username() == "" || strings.Trim(path.Base(u.Path), "/.") == "" {
			return errors.New("must be a Sentry DSN, like https://key@sentry.example.com/1; leave it out to report nothing")
		}
		*field = NewSecret(value)
		return nil
	}
}

// collectorURL reads the address of an OpenTelemetry collector.
func collectorURL(field *string) parser {
	return func(value string) error {
		u, err := url.Parse(value)
		if err != nil || !isHTTP(u) || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("must be the address of a collector, like http://localhost:4318; /v1/traces is added to it")
		}
		if u.User != nil {
			return errors.New("must have no user or password in it; put what the collector wants into OTEL_EXPORTER_OTLP_HEADERS")
		}
		*field = value
		return nil
	}
}

func isHTTP(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}
