package redis

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	defaultPort         = "6379"
	defaultSentinelPort = "26379"
)

// CheckURL returns an error that says what a URL must be like, and doesn't quote it: it has a
// password.
//
//	redis://user:password@host:6379/0                            one server
//	redis+sentinel://user:password@host1:26379,host2/0?master=m  the servers that Sentinel watches under a name
//	redis+cluster://user:password@host1:6379,host2               a cluster
//
// The prefix rediss enables TLS; unix:// is the path of a socket. Sentinels that ask for a password
// themselves get that of sentinel_username and sentinel_password in the query.
func CheckURL(address string) error {
	_, err := options(address)
	return err
}

func options(address string) (*redis.UniversalOptions, error) {
	scheme, _, _ := strings.Cut(address, "://")
	var o *redis.UniversalOptions
	var err error
	switch scheme {
	case "redis", "rediss", "unix":
		o, err = single(address)
	case "redis+sentinel", "rediss+sentinel":
		o, err = sentinel(address)
	case "redis+cluster", "rediss+cluster":
		o, err = cluster(address)
	default:
		err = errors.New("must begin with redis://, redis+sentinel://, redis+cluster://, one of these with rediss (TLS), or unix://")
	}
	if err != nil {
		return nil, err
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = hardTimeout, hardTimeout, hardTimeout, hardTimeout
	o.DialerRetries, o.DialerRetryTimeout, o.MaxRetries = 1, time.Millisecond, -1 // fail fast, without retries
	o.ContextTimeoutEnabled = true
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o, nil
}

func single(address string) (*redis.UniversalOptions, error) {
	o, err := redis.ParseURL(address)
	if u, parseErr := url.Parse(address); err != nil || parseErr != nil || u.Host == "" && u.Path == "" || strings.Contains(address, "#") {
		return nil, errors.New("must be a URL like redis://:password@host:6379/0; percent-encode special characters in the password")
	}
	return &redis.UniversalOptions{
		Addrs: []string{o.Addr}, Username: o.Username, Password: o.Password, DB: o.DB, TLSConfig: o.TLSConfig,
		ClientName: o.ClientName, Protocol: o.Protocol, PoolSize: o.PoolSize,
	}, nil
}

func sentinel(address string) (*redis.UniversalOptions, error) {
	wrong := errors.New("must be like redis+sentinel://:password@host1:26379,host2:26379/0?master=name; percent-encode special characters in the password")
	o, u, err := multiHost(address, defaultSentinelPort)
	if err != nil {
		return nil, wrong
	}
	// The path has the same meaning as in the URL of a single server.
	server, err := redis.ParseURL("redis://host" + u.Path)
	if err != nil {
		return nil, wrong
	}
	o.DB = server.DB
	query := u.Query()
	o.MasterName, o.SentinelUsername, o.SentinelPassword = query.Get("master"), query.Get("sentinel_username"), query.Get("sentinel_password")
	if o.MasterName == "" || !hasOnly(query, "master", "sentinel_username", "sentinel_password") {
		return nil, wrong
	}
	return o, nil
}

func cluster(address string) (*redis.UniversalOptions, error) {
	o, u, err := multiHost(address, defaultPort)
	if err != nil || len(u.Query()) > 0 || strings.Trim(u.Path, "/") != "" && u.Path != "/0" {
		return nil, errors.New("must be like redis+cluster://:password@host1:6379,host2:6379, with no number of a database; percent-encode special characters in the password")
	}
	o.IsClusterMode = true
	return o, nil
}

// multiHost parses a URL with several hosts, like those of PostgreSQL and MongoDB. RFC 3986 doesn't
// define them.
func multiHost(address, port string) (*redis.UniversalOptions, *url.URL, error) {
	scheme, rest, _ := strings.Cut(address, "://")
	authority, tail := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	user, hosts := "", authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, hosts = authority[:at+1], authority[at+1:]
	}
	o := &redis.UniversalOptions{}
	var u *url.URL
	for host := range strings.SplitSeq(hosts, ",") {
		var err error
		if u, err = url.Parse(scheme + "://" + user + host + tail); err != nil {
			return nil, nil, err
		}
		if u.Hostname() == "" || u.Fragment != "" {
			return nil, nil, errors.New("a host is missing")
		}
		given := u.Port()
		if given == "" {
			given = port
		}
		o.Addrs = append(o.Addrs, net.JoinHostPort(u.Hostname(), given))
	}
	if u.User != nil {
		o.Username = u.User.Username()
		o.Password, _ = u.User.Password()
	}
	if strings.HasPrefix(scheme, "rediss") {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return o, u, nil
}

// hasOnly reports whether a query has no other parameters than these.
func hasOnly(query url.Values, names ...string) bool {
	for _, name := range names {
		query.Del(name)
	}
	return len(query) == 0
}
