package config_test

import (
	"slices"
	"testing"
)

func TestDatabaseURLForms(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"postgres://u:p@h:5432/d":                  "postgres://u:p@h:5432/d",
		"postgresql://u:p@h/d?sslmode=require":     "postgres://u:p@h/d?sslmode=require",
		"postgresql+psycopg2://u:p@h/d":            "postgres://u:p@h/d",
		"postgresql+psycopg://u:p@h/d":             "postgres://u:p@h/d",
		"postgresql+asyncpg://u:p@h/d":             "postgres://u:p@h/d",
		"postgresql+asyncpg://u:p@h/d?ssl=require": "postgres://u:p@h/d?ssl=require",
		"PostgreSQL://u:P@h/D":                     "postgres://u:P@h/D",
		"mysql://u:p@h:3306/d":                     "mysql://u:p@h:3306/d",
		"mysql+pymysql://u:p@h/d?charset=utf8":     "mysql://u:p@h/d?charset=utf8",
		"mysql+aiomysql://u:p@h/d":                 "mysql://u:p@h/d",
		"mariadb://u:p@h/d":                        "mysql://u:p@h/d",
		"mariadb+pymysql://u:p@h/d":                "mysql://u:p@h/d",
		"sqlite:///rel.db":                         "sqlite:///rel.db",
		"sqlite:////abs.db":                        "sqlite:////abs.db",
		"sqlite+aiosqlite:///./rel.db":             "sqlite:///./rel.db",
	} {
		if got := load(t, "DATABASE_URL="+given).DatabaseURL.Reveal(); got != want {
			t.Errorf("%s becomes %s, want %s", given, got, want)
		}
		if got := load(t, "SQLALCHEMY_DATABASE_URL="+given).DatabaseURL.Reveal(); got != want {
			t.Errorf("%s under its other name becomes %s, want %s", given, got, want)
		}
	}
}

func TestDatabaseURLUnderBothNames(t *testing.T) {
	t.Parallel()
	load(t, "DATABASE_URL=sqlite:///a.db", "SQLALCHEMY_DATABASE_URL=sqlite:///a.db")
	found := faults(t, []string{"DATABASE_URL=sqlite:///a.db", "SQLALCHEMY_DATABASE_URL=sqlite:///b.db"}, "")
	if found["DATABASE_URL"] == "" {
		t.Error("two different databases are accepted")
	}
	file := dotenv(t, "DATABASE_URL=sqlite:///file.db")
	if found := faults(t, []string{"SQLALCHEMY_DATABASE_URL=sqlite:///env.db"}, file); len(found) != 0 {
		t.Errorf("the environment's alias must win over the file's name: %v", found)
	}
}

func TestRedisURL(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		want string
		env  []string
	}{
		{"", []string{"REDIS_PORT=6380", "REDIS_DB=1"}},
		{"rediss://:pw@cache:6380/2", []string{"REDIS_URL=rediss://:pw@cache:6380/2"}},
		{"unix:///run/redis.sock?db=1", []string{"REDIS_URL=unix:///run/redis.sock?db=1"}},
		{"redis://cache:6379/0", []string{"REDIS_HOST=cache"}},
		{"redis://cache:6379/0", []string{"REDIS_HOST=cache", "REDIS_PORT=tcp://10.0.0.1:6380"}}, // from Kubernetes, about a service called redis
		{"", []string{"REDIS_PORT=tcp://10.0.0.1:6379"}},
		{"redis://cache:6379/0", []string{"REDIS_HOST=cache", "REDIS_PORT=TCP://10.0.0.1:6380"}},
		{"redis://cache:6379/0", []string{"REDIS_HOST=cache", "REDIS_PORT=udp://10.0.0.1:6380"}},
		{"redis://[::1]:6380/3", []string{"REDIS_HOST=::1", "REDIS_PORT=6380", "REDIS_DB=3"}},
		{"redis://:p%40s%3As%2F%23%25@cache:6379/0", []string{"REDIS_HOST=cache", "REDIS_PASSWORD=p@s:s/#%"}},
	} {
		if got := load(t, tc.env...).RedisURL.Reveal(); got != tc.want {
			t.Errorf("%v give %q, want %q", tc.env, got, tc.want)
		}
	}
}

func TestRedisURLAndHostExcludeEachOther(t *testing.T) {
	t.Parallel()
	if found := faults(t, []string{"REDIS_URL=redis://a", "REDIS_HOST=b"}, ""); found["REDIS_URL"] == "" {
		t.Error("two Redis servers are accepted")
	}
	if found := faults(t, []string{"REDIS_URL=redis://a", "REDIS_HOST=a", "REDIS_PASSWORD=pw"}, ""); found["REDIS_URL"] == "" {
		t.Error("a password in one of two places is accepted")
	}
	// The same twice is no contradiction.
	same := load(t, "REDIS_URL=redis://:pw@a:6380/1", "REDIS_HOST=a", "REDIS_PORT=6380", "REDIS_DB=1", "REDIS_PASSWORD=pw")
	if got := same.RedisURL.Reveal(); got != "redis://:pw@a:6380/1" {
		t.Errorf("RedisURL = %q", got)
	}
}

func TestAllowedOrigins(t *testing.T) {
	t.Parallel()
	for given, want := range map[string][]string{
		"":                        nil,
		"https://app.example.com": {"https://app.example.com"},
		" https://a.example , http://localhost:3000, ": {"https://a.example", "http://localhost:3000"},
		`["https://a.example", "http://[::1]:3000"]`:   {"https://a.example", "http://[::1]:3000"},
		"HTTPS://App.Example:443,http://b.example:80":  {"https://app.example", "http://b.example"},
		"capacitor://localhost":                        {"capacitor://localhost"},
	} {
		if got := load(t, "ALLOWED_ORIGINS="+given).AllowedOrigins; !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", given, got, want)
		}
	}
}

func TestPasswordResetURL(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"", "https://app.example.com/reset", "https://app.example.com/reset?lang=no", "http://localhost:3000/reset"} {
		if got := load(t, "PASSWORD_RESET_URL="+given).PasswordResetURL; got != given {
			t.Errorf("%q gives %q", given, got)
		}
	}
	for _, given := range []string{"app.example.com/reset", "/reset", "https://", "https://:443/", "javascript:alert(1)", "ftp://a.example", "https://a.example/#x", "https://a.example#", "https://u:p@a.example/"} {
		if found := faults(t, []string{"PASSWORD_RESET_URL=" + given}, ""); found["PASSWORD_RESET_URL"] == "" {
			t.Errorf("%q is accepted", given)
		}
	}
}

func TestInternationalOriginsAreAsBrowsersSendThem(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://bücher.example": "https://xn--bcher-kva.example", "https://BÜCHER.example:8443": "https://xn--bcher-kva.example:8443", "https://bücher.example:443": "https://xn--bcher-kva.example",
	} {
		if got := load(t, "ALLOWED_ORIGINS="+given).AllowedOrigins; len(got) != 1 || got[0] != want {
			t.Errorf("%s is read as %v, want %s", given, got, want)
		}
	}
}
