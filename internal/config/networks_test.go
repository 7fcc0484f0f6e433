package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/config"
)

func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ given, want string }{
		{"", "[]"},
		{"10.0.0.5", "[10.0.0.5/32]"},
		{"2001:db8::1,", "[2001:db8::1/128]"},
		{" 10.0.0.0/8 , 127.0.0.1, 2001:db8::/32 ", "[10.0.0.0/8 127.0.0.1/32 2001:db8::/32]"},
	} {
		if got := fmt.Sprint(load(t, "TRUSTED_PROXIES="+test.given).TrustedProxies); got != test.want {
			t.Errorf("%q gives %s, want %s", test.given, got, test.want)
		}
	}
	for given, hint := range map[string]string{
		"proxy.example.com":     "must be addresses and ranges",
		"10.0.0.0/33":           "must be addresses and ranges",
		"10.0.0.5:8000":         "must be addresses and ranges",
		"fe80::1%eth0":          "must be addresses and ranges",
		"::ffff:10.0.0.1":       "must be addresses and ranges",
		"*":                     "must be addresses and ranges",
		"10.0.0.5/8":            "the range is 10.0.0.0/8, and the address alone 10.0.0.5",
		"127.0.0.1,0.0.0.0/0":   "everybody",
		"127.0.0.1,10.0.0.1 ::": "must be addresses and ranges",
		"::/0":                  "everybody",
	} {
		if found := faults(t, []string{"TRUSTED_PROXIES=" + given}, ""); !strings.Contains(found["TRUSTED_PROXIES"], hint) {
			t.Errorf("%q: %q, want %q", given, found["TRUSTED_PROXIES"], hint)
		}
	}
}

func TestRateLimitSettings(t *testing.T) {
	t.Parallel()
	for env, want := range map[config.Environment]int{config.Development: 600, config.Staging: 60, config.Production: 60} {
		if got := load(t, outside(env)...).RateLimitPerMinute; got != want {
			t.Errorf("%d requests a minute in %s, want %d", got, env, want)
		}
	}
	cfg := load(t, "RATE_LIMIT_ENABLED=no", "RATE_LIMIT_PER_MINUTE=100", "RATE_LIMIT_LOGIN_PER_MINUTE=7", "RATE_LIMIT_REFRESH_PER_MINUTE=8", "RATE_LIMIT_PASSWORD_PER_MINUTE=9")
	if cfg.RateLimitEnabled || cfg.RateLimitPerMinute != 100 || cfg.RateLimitLoginPerMinute != 7 || cfg.RateLimitRefreshPerMinute != 8 || cfg.RateLimitPasswordPerMinute != 9 {
		t.Errorf("%+v", cfg)
	}
	for _, name := range []string{"RATE_LIMIT_PER_MINUTE", "RATE_LIMIT_LOGIN_PER_MINUTE", "RATE_LIMIT_REFRESH_PER_MINUTE", "RATE_LIMIT_PASSWORD_PER_MINUTE"} {
		for _, value := range []string{"0", "-1", "1e3", "many"} {
			if found := faults(t, []string{name + "=" + value}, ""); found[name] == "" {
				t.Errorf("%s=%s is accepted", name, value)
			}
		}
	}
}

func TestRedisOfSeveralServers(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"redis+sentinel://:pw@a:26379,b:26379/0?master=mine", "rediss+cluster://:pw@a:6379,b:6379"} {
		if got := load(t, "REDIS_URL="+url).RedisURL.Reveal(); got != url {
			t.Errorf("%q gives %q", url, got)
		}
	}
	for url, hint := range map[string]string{
		"redis+sentinel://:hunter2@a:26379": "?master=name", "redis+cluster://:hunter2@a/3": "no number of a database", "redis://:hunter2@a:b": "redis://:password@host:6379/0",
	} {
		found := faults(t, []string{"REDIS_URL=" + url}, "")["REDIS_URL"]
		if !strings.Contains(found, hint) || strings.Contains(found, "hunter2") {
			t.Errorf("%q: %q, want a hint at %q and no password", url, found, hint)
		}
	}
}
