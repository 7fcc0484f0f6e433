package main_test

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// secrets are values that must not be in the output of a process, nor anywhere else where it
// reports.
type secrets struct {
	mu        sync.Mutex
	list      []string
	elsewhere map[string]func() string // what a process reports beside stdout and stderr, by place
}

// alsoIn makes check search that place, too.
func (s *secrets) alsoIn(place string, told func() string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.elsewhere == nil {
		s.elsewhere = map[string]func() string{}
	}
	s.elsewhere[place] = told
}

func (s *secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, values...)
}

// addSetting adds the secret in a setting, if it has one.
func (s *secrets) addSetting(entry string) {
	name, value, _ := strings.Cut(entry, "=")
	switch {
	case value == "":
	case name == "SECRET_KEY" || name == "AUDIT_KEY" || name == "FIRST_SUPERUSER_PASSWORD":
		s.add(value)
	case strings.HasSuffix(name, "_URL"):
		u, err := url.Parse(value)
		if err != nil {
			return
		}
		if password, found := u.User.Password(); found {
			s.add(password, url.QueryEscape(password))
		}
	case name == "SENTRY_DSN":
		if u, err := url.Parse(value); err == nil {
			s.add(u.User.Username())
		}
	}
}

// With --demo the public log-in is printed on purpose.
var demoLogin = regexp.MustCompile(`(?m)^  (Log in as|Try) .*$`)

func (s *secrets) check(t testing.TB, p *process) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	told := map[string]string{"stdout": demoLogin.ReplaceAllString(p.stdout.String(), ""), "stderr": p.stderr.String()}
	for place, read := range s.elsewhere {
		told[place] = read()
	}
	for place, text := range told {
		for line := range strings.Lines(text) {
			for _, secret := range s.list {
				if strings.Contains(line, secret) {
					t.Errorf("tenantry %s reveals in %s the secret %s: %s", strings.Join(p.cmd.Args[1:], " "), place, secret, line)
				}
			}
		}
	}
}
