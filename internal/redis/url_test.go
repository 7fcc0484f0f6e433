package redis

import (
	"slices"
	"strings"
	"testing"
)

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		url    string
		addrs  []string
		master string
		tls    bool
		db     int
		user   string
	}{
		{"redis://:hush@host:6379/3", []string{"host:6379"}, "", false, 3, ""},
		{"rediss://me:hush@host", []string{"host:6379"}, "", true, 0, "me"},
		{"redis://[::1]:7000", []string{"[::1]:7000"}, "", false, 0, ""},
		{"unix:///run/redis.sock", []string{"/run/redis.sock"}, "", false, 0, ""},
		{"redis+sentinel://me:hush@a:1,b:2,[2001:db8::1]:3/4?master=mine", []string{"a:1", "b:2", "[2001:db8::1]:3"}, "mine", false, 4, "me"},
		{"rediss+sentinel://a,b?master=mine&sentinel_username=x&sentinel_password=y", []string{"a:26379", "b:26379"}, "mine", true, 0, ""},
		{"redis+cluster://:hu%2Fsh%40@a:1,b", []string{"a:1", "b:6379"}, "", false, 0, ""},
		{"rediss+cluster://a/", []string{"a:6379"}, "", true, 0, ""},
	} {
		o, err := options(test.url)
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		if !slices.Equal(o.Addrs, test.addrs) || o.MasterName != test.master || (o.TLSConfig != nil) != test.tls || o.DB != test.db || o.Username != test.user {
			t.Errorf("%s: %+v", test.url, o)
		}
		if strings.Contains(test.url, "cluster") != o.IsClusterMode {
			t.Errorf("%s: a cluster: %t", test.url, o.IsClusterMode)
		}
		if strings.Contains(test.url, "hu%2Fsh") && o.Password != "hu/sh@" || strings.Contains(test.url, ":hush") && o.Password != "hush" {
			t.Errorf("%s: another password", test.url)
		}
		if o.MaxRetries != -1 || o.DialerRetries != 1 || o.ReadTimeout != hardTimeout || o.DialTimeout != hardTimeout || !o.ContextTimeoutEnabled {
			t.Errorf("%s: a failure isn't one fast failure", test.url)
		}
	}
}

func TestWrongURLsAreRefusedWithoutTheirPassword(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                                             "must begin with",
		"host:6379":                                    "must begin with",
		"http://:hush@host":                            "must begin with",
		"sentinel://:hush@host":                        "must begin with",
		"redis://":                                     "redis://:password@host",
		"redis://:hush@host:port":                      "redis://:password@host",
		"redis://:hush@host/name":                      "redis://:password@host",
		"redis://:hush@host/0?hush=1":                  "redis://:password@host",
		"redis://:hu#sh@host":                          "redis://:password@host",
		"redis://hush#x@host:6379/0":                   "redis://:password@host",
		"redis://user:6379#hush@h/0":                   "redis://:password@host",
		"unix://u:hush#x@/run/redis.sock":              "redis://:password@host",
		"redis+sentinel://:hush@a:1,b:2/0":             "?master=name",
		"redis+sentinel://:hush@a:1,b:2/x?master=m":    "?master=name",
		"redis+sentinel://:hush@a:1,,b:2?master=m":     "?master=name",
		"redis+sentinel://:hush@a:1/0?master=m&hush=1": "?master=name",
		"redis+sentinel://:hush@?master=m":             "?master=name",
		"redis+cluster://:hush@a:1,b:x":                "with no number of a database",
		"redis+cluster://:hush@a/1":                    "with no number of a database",
		"redis+cluster://:hush@a?hush=1":               "with no number of a database",
		"redis+cluster://:hush@":                       "with no number of a database",
	} {
		err := CheckURL(url)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want a hint at %s", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hu") {
			t.Errorf("%q: the error quotes it: %v", url, err)
		}
	}
}
