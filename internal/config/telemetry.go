package config

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"regexp"
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

// A header's name (RFC 9110, section 5.6.2), and a value that can be sent.
var (
	headerName  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	headerValue = regexp.MustCompile(`^[\x20-\x7e]*$`)
)

// headers reads name=value pairs, separated by commas; values are percent-encoded, as OpenTelemetry has them.
func headers(field *Hidden[http.Header]) parser {
	return func(value string) error {
		read := http.Header{}
		for pair := range strings.SplitSeq(value, ",") {
			name, encoded, found := strings.Cut(pair, "=")
			name = strings.TrimSpace(name)
			decoded, err := url.PathUnescape(strings.TrimSpace(encoded))
			if !found || err != nil || !headerName.MatchString(name) || !headerValue.MatchString(decoded) {
				return errors.New("must be headers like name=value,name=value, with special characters in values percent-encoded")
			}
			read.Set(name, decoded)
		}
		*field = Hide(read)
		return nil
	}
}

func isHTTP(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}
