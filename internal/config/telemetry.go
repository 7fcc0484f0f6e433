package config

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// sentryDSN parses the DSN of Sentry, which contains a key.
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

// collectorURL parses the address of an OpenTelemetry collector.
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

// Valid names of headers (RFC 9110, section 5.6.2) and valid values.
var (
	headerName  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	headerValue = regexp.MustCompile(`^[\x20-\x7e]*$`)
)

// headers parses name=value pairs, separated by commas. Values are percent-encoded, as
// OpenTelemetry defines.
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
