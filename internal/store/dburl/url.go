// Package dburl parses database URLs, in Tenantry's notation and in those of other libraries.
package dburl

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Engine names a kind of database, as in gen/migrations.
type Engine string

// The supported engines.
const (
	Postgres Engine = "postgres"
	MySQL    Engine = "mysql" // and MariaDB
	SQLite   Engine = "sqlite"
)

// URL is a parsed and decoded database URL. Errors about it quote only names of options: any other
// part may contain a piece of a password that isn't percent-encoded.
type URL struct {
	Engine   Engine
	user     *url.Userinfo // nil: none
	hosts    []host        // none: the URL has none
	database string        // a name, or the file of SQLite
	options  []option
}

type host struct{ name, port string } // decoded; the port may be empty

type option struct{ name, value string } // decoded

// Elsewhere is an error in something that a URL relies on, such as an environment variable.
type Elsewhere struct {
	Name  string // of the variable or file
	Fault string
}

func (e *Elsewhere) Error() string { return e.Name + " " + e.Fault }

var (
	errForm = errors.New("must be a URL like postgres://user:password@host:5432/name, mysql://user:password@host:3306/name or sqlite:///file")
	// errEncoding is returned if the password seems to contain characters that end a part of a URL.
	errEncoding = errors.New("has a character in the user, the password or the name that needs percent-encoding: " +
		"write %40 for @, %3A for :, %2F for /, %3F for ?, %23 for #, %5B for [, %5D for ], %20 for a blank and %25 for %")
	errNoDatabase = errors.New("names no database; write its name after the host, as in postgres://user:password@host:5432/name")
)

// engines maps the schemes of URLs to engines. The driver that SQLAlchemy adds after a plus sign is
// removed first.
var engines = map[string]Engine{
	"postgres": Postgres, "postgresql": Postgres, "pgsql": Postgres,
	"mysql": MySQL, "mysql2": MySQL, "mariadb": MySQL,
	"sqlite": SQLite, "sqlite3": SQLite,
}

// Normalize replaces the scheme by the engine's own, such as postgres:// for SQLAlchemy's
// postgresql+psycopg2://. It returns the same errors as Parse.
func Normalize(text string) (string, error) {
	u, err := Parse(text)
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(text, "://")
	return string(u.Engine) + "://" + rest, nil
}

// Parse parses a URL and checks it, including the files and environment variables that it relies
// on. It doesn't connect. Its errors quote nothing of the URL but names of options. An error that
// isn't about the URL itself is an *Elsewhere.
func Parse(text string) (*URL, error) {
	u, err := parse(text)
	if err != nil {
		return nil, err
	}
	switch u.Engine {
	case Postgres:
		_, err = u.Postgres()
	case MySQL:
		_, err = u.MySQL()
	case SQLite:
		err = u.checkSQLite()
	}
	if err != nil {
		return nil, err
	}
	return u, nil
}

// File returns the path of the SQLite database, relative or absolute.
func (u *URL) File() string { return u.database }

// IsLocal reports whether all servers of the URL are on this machine.
func (u *URL) IsLocal() bool {
	hosts := u.hosts
	if names, found := u.option("host"); found {
		hosts = nil
		for name := range strings.SplitSeq(names, ",") {
			hosts = append(hosts, host{name: name})
		}
	}
	if _, found := u.option("unixsocket"); found {
		return true
	}
	return !slices.ContainsFunc(hosts, func(h host) bool {
		ip := net.ParseIP(h.name)
		return h.name != "" && h.name != "localhost" && !strings.HasPrefix(h.name, "/") && (ip == nil || !ip.IsLoopback())
	})
}

func parse(text string) (*URL, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return nil, errForm
	}
	dialect, _, _ := strings.Cut(strings.ToLower(scheme), "+")
	u := &URL{Engine: engines[dialect]}
	if u.Engine == "" {
		return nil, errForm
	}
	rest, query, _ := strings.Cut(rest, "?")
	if u.Engine == SQLite {
		if err := u.readFile(rest); err != nil {
			return nil, err
		}
		return u, u.readOptions(query)
	}
	authority, name, _ := strings.Cut(rest, "/")
	switch {
	case authority == "" && name == "" && query == "":
		return nil, errForm
	// A second @ can only be part of the password, wherever in the URL it seems to be.
	case strings.ContainsAny(name+query, "@#") || strings.Contains(authority, "#") || hasBlank(text):
		return nil, errEncoding
	}
	if err := u.readAuthority(authority); err != nil {
		return nil, err
	}
	if err := u.readName(name); err != nil {
		return nil, err
	}
	return u, u.readOptions(query)
}

// hasBlank reports whether text contains white space or a control character.
func hasBlank(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

func (u *URL) readAuthority(authority string) error {
	at := strings.LastIndexByte(authority, '@')
	if at >= 0 {
		user, password, hasPassword := strings.Cut(authority[:at], ":")
		if strings.ContainsAny(authority[:at], "@[]") {
			return errEncoding
		}
		user, userErr := url.PathUnescape(user)
		password, passwordErr := url.PathUnescape(password)
		if userErr != nil || passwordErr != nil {
			return errEncoding
		}
		u.user = url.User(user)
		if hasPassword {
			u.user = url.UserPassword(user, password)
		}
	}
	if authority = authority[at+1:]; authority == "" {
		return nil
	}
	for text := range strings.SplitSeq(authority, ",") {
		h, err := readHost(text)
		if err != nil {
			return err
		}
		u.hosts = append(u.hosts, h)
	}
	return nil
}

// readHost parses host, host:port, [address] or [address]:port.
func readHost(text string) (host, error) {
	var h host
	if inside, found := strings.CutPrefix(text, "["); found {
		address, port, closed := strings.Cut(inside, "]")
		if !closed || net.ParseIP(address) == nil || port != "" && port[0] != ':' {
			return host{}, errors.New("has brackets around something that isn't an IPv6 address, as in [::1]:5432")
		}
		h.name, h.port = address, strings.TrimPrefix(port, ":")
	} else {
		name, port, _ := strings.Cut(text, ":")
		if strings.ContainsAny(text, "[]") {
			return host{}, errEncoding
		}
		decoded, err := url.PathUnescape(name)
		if err != nil {
			return host{}, errEncoding
		}
		h.name, h.port = decoded, port
	}
	if h.port != "" && !isPort(h.port) {
		return host{}, errors.New("has a port that isn't a number from 1 to 65535; if that is a part of the password, its special characters need percent-encoding")
	}
	return h, nil
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

func (u *URL) readName(name string) error {
	decoded, err := url.PathUnescape(strings.TrimSuffix(name, "/"))
	if err != nil || strings.Contains(strings.TrimSuffix(name, "/"), "/") {
		return errEncoding
	}
	u.database = decoded
	return nil
}

func (u *URL) readOptions(query string) error {
	if strings.HasPrefix(query, "?") || strings.ContainsAny(query, "?;") {
		return errEncoding
	}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil || strings.Contains(value, "\x00") {
			return errors.New("has an option after the question mark with a % that begins no percent-encoding; write %25 for %")
		}
		if !found || name == "" {
			return errors.New("has an option without a value after the question mark; options are like name=value, with & in between")
		}
		if _, twice := u.option(plainOption(name)); twice {
			return fmt.Errorf("has %s more than once, perhaps in another spelling", u.quoteOption(name))
		}
		u.options = append(u.options, option{name, value})
	}
	return nil
}

// plainOption normalizes the spelling of an option: ssl-mode, ssl_mode and sslMode are the same.
func plainOption(name string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
}

func (u *URL) option(plain string) (value string, found bool) {
	for _, o := range u.options {
		if plainOption(o.name) == plain {
			return o.value, true
		}
	}
	return "", false
}

// unknownOption returns an error that lists the known options.
func (u *URL) unknownOption(name string, known []string) error {
	return fmt.Errorf("has %s, which isn't known; known are %s", u.quoteOption(name), strings.Join(slices.Sorted(slices.Values(known)), ", "))
}

// quoteOption returns the quoted name of an option, or a substitute if the name may be part of a
// password that contains ? or &. That is possible if the URL lacks the host or the database, and
// after a password option.
func (u *URL) quoteOption(name string) string {
	hasPort := slices.ContainsFunc(u.hosts, func(h host) bool { return h.port != "" })
	isCut := u.Engine != SQLite && u.user == nil && (u.database == "" && len(u.hosts) > 0 || hasPort)
	hasPassword := slices.ContainsFunc(u.options, func(o option) bool { return strings.Contains(plainOption(o.name), "passw") })
	if isCut || hasPassword {
		return "an option after the question mark"
	}
	return fmt.Sprintf("the option %.40q", name)
}

// tlsModes lists the values of PostgreSQL's sslmode and MySQL's ssl-mode, and node-postgres'
// no-verify, in lower case without dashes.
var tlsModes = map[string]string{
	"disable": tlsOff, "disabled": tlsOff, "false": tlsOff, "0": tlsOff, "off": tlsOff, "no": tlsOff,
	"allow": "allow", "prefer": tlsPreferred, "preferred": tlsPreferred,
	"require": tlsUnchecked, "required": tlsUnchecked, "true": tlsUnchecked, "1": tlsUnchecked, "on": tlsUnchecked, "yes": tlsUnchecked,
	"noverify": tlsNoVerify, "skipverify": tlsNoVerify,
	"verifyca": tlsChain, "verifyfull": tlsFull, "verifyidentity": tlsFull,
}

// The values of PostgreSQL's sslmode, and no-verify.
const (
	tlsOff       = "disable"
	tlsPreferred = "prefer"
	tlsUnchecked = "require"
	tlsNoVerify  = "no-verify"
	tlsChain     = "verify-ca"
	tlsFull      = "verify-full"
)

func readTLSMode(value string) (string, error) {
	if mode, known := tlsModes[plainOption(value)]; known {
		return mode, nil
	}
	return "", errors.New("must be disable, prefer, require, no-verify, verify-ca or verify-full")
}
