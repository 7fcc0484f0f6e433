package main_test

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// secrets are what nothing that a process prints may have in it.
type secrets struct {
	mu   sync.Mutex
	list []string
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
	}
}

// With --demo, the log-in that everybody knows is told on purpose.
var demoLogin = regexp.MustCompile(`(?m)^  (Log in as|Try) .*$`)

func (s *secrets) check(t testing.TB, p *process) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	printed := demoLogin.ReplaceAllString(p.stdout.String(), "") + p.stderr.String()
	for line := range strings.Lines(printed) {
		for _, secret := range s.list {
			if strings.Contains(line, secret) {
				t.Errorf("tenantry %s prints the secret %s: %s", strings.Join(p.cmd.Args[1:], " "), secret, line)
			}
		}
	}
}
