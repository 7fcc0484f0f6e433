package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/tenantry/tenantry/internal/redis"
	"github.com/tenantry/tenantry/internal/store/dburl"
)

// databaseURL parses a database URL. It also accepts SQLAlchemy's: postgresql+psycopg2://,
// mysql+pymysql://, sqlite+aiosqlite:/// and so on.
func databaseURL(field *Secret) parser {
	return func(value string) error {
		normal, err := dburl.Normalize(value)
		if err != nil {
			return err
		}
		*field = NewSecret(normal)
		return nil
	}
}

func redisURL(field *Secret) parser {
	return func(value string) error {
		if err := redis.CheckURL(value); err != nil {
			return err
		}
		*field = NewSecret(value)
		return nil
	}
}

const defaultRedisPort = "6379"

// redisPort ignores tcp://... and udp://..., because Kubernetes sets this variable in pods next to
// a service named redis.
func redisPort(field *int) parser {
	number := integer(field, 1, 65535)
	return func(value string) error {
		if scheme, _, found := strings.Cut(strings.ToLower(value), "://"); found && (scheme == "tcp" || scheme == "udp") {
			value = defaultRedisPort
		}
		return number(value)
	}
}

// redisParts holds the settings that name a Redis server without a URL.
type redisParts struct {
	host     string
	port, db int
	password Secret
}

// sameAs reports whether the URL names the same server.
func (p redisParts) sameAs(full Secret) bool {
	u, err := url.Parse(full.Reveal())
	if err != nil || u.Hostname() != p.host {
		return false
	}
	port, db := u.Port(), strings.Trim(u.Path, "/")
	if password, _ := u.User.Password(); p.password.IsSet() && p.password.Reveal() != password {
		return false
	}
	return (port == "" || port == strconv.Itoa(p.port)) && (db == "" || db == strconv.Itoa(p.db))
}

func (p redisParts) url() Secret {
	u := url.URL{
		Scheme: "redis",
		Host:   net.JoinHostPort(p.host, strconv.Itoa(p.port)),
		Path:   "/" + strconv.Itoa(p.db),
	}
	if p.password.IsSet() {
		u.User = url.UserPassword("", p.password.Reveal())
	}
	return NewSecret(u.String())
}

// originPattern matches an origin (RFC 6454): no wildcard, path or user.
var originPattern = regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)

// origins parses a comma-separated list or a JSON array. It stores each origin as browsers send it:
// in lower case, without the scheme's default port.
func origins(field *[]string) parser {
	return func(value string) error {
		list := strings.Split(value, ",")
		if strings.HasPrefix(value, "[") {
			list = nil
			if err := json.Unmarshal([]byte(value), &list); err != nil {
				return errors.New(`must be a list like https://a.example,https://b.example or ["https://a.example"]`)
			}
		}
		var found []string
		for i, origin := range list {
			origin = asciiOrigin(strings.ToLower(strings.TrimSpace(origin)))
			if origin == "" {
				continue
			}
			match := originPattern.FindStringSubmatch(origin)
			if match == nil && origin != "*" {
				return fmt.Errorf("must hold origins like https://app.example.com, with no path and no slash at the end; entry %d is not one", i+1)
			}
			if match != nil && match[1] == "https" {
				origin = strings.TrimSuffix(origin, ":443")
			}
			if match != nil && match[1] == "http" {
				origin = strings.TrimSuffix(origin, ":80")
			}
			found = append(found, origin)
		}
		*field = found
		return nil
	}
}

// asciiOrigin returns an origin with its internationalized host name in Punycode, as browsers send
// it.
func asciiOrigin(origin string) string {
	scheme, rest, found := strings.Cut(origin, "://")
	host, port, hasPort := strings.Cut(rest, ":")
	isASCII := !strings.ContainsFunc(host, func(r rune) bool { return r >= utf8.RuneSelf })
	ascii, err := idna.Lookup.ToASCII(host)
	if !found || isASCII || err != nil {
		return origin
	}
	if hasPort {
		ascii += ":" + port
	}
	return scheme + "://" + ascii
}

// pageURL parses the address of a web page to which a fragment can be added.
func pageURL(field *string) parser {
	return func(value string) error {
		u, err := url.Parse(value)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || strings.Contains(value, "#") {
			return errors.New("must be the address of a web page, like https://app.example.com/reset-password, with no user and no #")
		}
		*field = u.String()
		return nil
	}
}

// networks parses a comma-separated list of addresses and CIDR ranges.
func networks(field *[]netip.Prefix) parser {
	return func(value string) error {
		for entry := range strings.SplitSeq(value, ",") {
			if entry = strings.TrimSpace(entry); entry == "" {
				continue
			}
			prefix, err := netip.ParsePrefix(entry)
			if address, addressErr := netip.ParseAddr(entry); addressErr == nil {
				prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
			}
			if err != nil || strings.Contains(entry, "%") || prefix.Addr().Is4In6() {
				return fmt.Errorf("must be addresses and ranges like 10.0.0.5,192.168.0.0/16,2001:db8::/32%s", insteadOf(entry))
			}
			if prefix != prefix.Masked() {
				return fmt.Errorf("has %s, which is an address within a range: the range is %s, and the address alone %s", prefix, prefix.Masked(), prefix.Addr())
			}
			if prefix.Bits() == 0 {
				return fmt.Errorf("has %s, which is everybody: then everybody can say which address they have", prefix)
			}
			*field = append(*field, prefix)
		}
		return nil
	}
}
