package dburl

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Session variables that limit how many seconds a statement waits for a row lock or a table lock.
const (
	LockWaitVariable      = "innodb_lock_wait_timeout"
	TableLockWaitVariable = "lock_wait_timeout"
)

// mysqlDraft collects the options of a URL while they are read.
type mysqlDraft struct {
	config        *mysql.Config
	server        string // the name that the certificate must have
	option        string // the option that is being read
	tls           mysqlTLS
	ca, cert, key string // files in PEM
}

// mysqlOption reads the value of an option. Its errors don't quote the value.
type mysqlOption struct {
	name string // as it is usually written
	read func(d *mysqlDraft, value string) error
}

// mysqlOptions are the options of the MySQL client and of MySQL libraries, by normalized name
// (plainOption).
var mysqlOptions = optionsByName([]mysqlOption{
	{"ssl-mode", readMySQLTLS},
	{"ssl", readMySQLTLS},
	{"tls", readGoTLS},
	{"useSSL", readMySQLTLS},
	{"sslaccept", readPrismaTLS},
	{"ssl_disabled", readTLSDisabled},
	{"ssl_verify_cert", readVerifyCertificate},
	{"ssl_verify_identity", readVerifyName},
	{"ssl_check_hostname", readVerifyName},
	{"ssl_ca", readRoots},
	{"sslrootcert", readRoots},
	{"ssl_cert", func(d *mysqlDraft, v string) error { d.cert = v; return nil }},
	{"ssl_key", func(d *mysqlDraft, v string) error { d.key = v; return nil }},
	{"unix_socket", readSocket},
	{"socket", readSocket},
	{"connect_timeout", seconds(func(d *mysqlDraft) *time.Duration { return &d.config.Timeout })},
	{"timeout", seconds(func(d *mysqlDraft) *time.Duration { return &d.config.Timeout })},
	{"read_timeout", seconds(func(d *mysqlDraft) *time.Duration { return &d.config.ReadTimeout })},
	{"write_timeout", seconds(func(d *mysqlDraft) *time.Duration { return &d.config.WriteTimeout })},
	{"charset", oneOf("utf8mb4", "utf8", "utf8mb3")}, // it is always utf8mb4
	{"collation", readCollation},
	{"autocommit", oneOf("true", "1", "on")},
	{"use_unicode", oneOf("true", "1")},
	{"parseTime", oneOf("true", "1")},
	{"loc", oneOf("utc")},
	{"interpolateParams", oneOf("true", "1")},
	{"clientFoundRows", oneOf("true", "1")},
	{"allowCleartextPasswords", flag(func(d *mysqlDraft) *bool { return &d.config.AllowCleartextPasswords })},
	{"allowNativePasswords", flag(func(d *mysqlDraft) *bool { return &d.config.AllowNativePasswords })},
	{"allowPublicKeyRetrieval", oneOf("true", "1", "false", "0")}, // it is always allowed
	{"maxAllowedPacket", readPacket},
	{LockWaitVariable, variable(LockWaitVariable)},
	{TableLockWaitVariable, variable(TableLockWaitVariable)},
	{"wsrep_sync_wait", variable("wsrep_sync_wait")},
	{"max_statement_time", variable("max_statement_time")},
	{"max_execution_time", variable("max_execution_time")},
})

func optionsByName(list []mysqlOption) map[string]mysqlOption {
	options := make(map[string]mysqlOption, len(list))
	for _, o := range list {
		options[plainOption(o.name)] = o
	}
	return options
}

// MySQL returns the driver's configuration, except for what Store sets itself.
func (u *URL) MySQL() (*mysql.Config, error) {
	d, err := u.mysqlDraft()
	if err != nil {
		return nil, err
	}
	if d.config.Net == "unix" {
		return d.config, nil // a local connection needs no TLS
	}
	return d.config, d.encrypt()
}

// mysqlDraft reads the whole URL. It reads no files.
func (u *URL) mysqlDraft() (*mysqlDraft, error) {
	config := mysql.NewConfig()
	d := &mysqlDraft{config: config, tls: mysqlTLS{most: levelFull}}
	config.Net, config.DBName = "tcp", u.database
	config.User = u.user.Username()
	config.Passwd, _ = u.user.Password()
	config.Params = map[string]string{}
	server := host{name: "127.0.0.1"}
	switch {
	case len(u.hosts) > 1:
		return nil, errors.New("names several hosts, which only works with PostgreSQL")
	case len(u.hosts) == 1 && u.hosts[0].name != "":
		server = u.hosts[0]
	}
	if server.port == "" {
		server.port = "3306"
	}
	d.server, config.Addr = server.name, net.JoinHostPort(server.name, server.port)
	for _, o := range u.options {
		known, found := mysqlOptions[plainOption(o.name)]
		if !found {
			var names []string
			for _, known := range mysqlOptions {
				names = append(names, known.name)
			}
			return nil, u.unknownOption(o.name, names)
		}
		d.option = known.name
		if err := known.read(d, o.value); err != nil {
			return nil, fmt.Errorf("has the option %s, which %w", o.name, err)
		}
	}
	if config.DBName == "" {
		return nil, errors.New("names no database; write its name after the host, as in mysql://user:password@host:3306/name")
	}
	return d, nil
}

func readSocket(d *mysqlDraft, value string) error {
	if !strings.HasPrefix(value, "/") {
		return errors.New("must be the absolute path of a socket")
	}
	d.config.Net, d.config.Addr = "unix", value
	return nil
}

// seconds returns a reader for a number of seconds or a Go duration such as 5s.
func seconds(field func(*mysqlDraft) *time.Duration) func(*mysqlDraft, string) error {
	return func(d *mysqlDraft, value string) error {
		if _, err := strconv.ParseFloat(value, 64); err == nil {
			value += "s"
		}
		duration, err := time.ParseDuration(value)
		if err != nil || duration < 0 || duration > time.Hour {
			return errors.New("must be a number of seconds")
		}
		*field(d) = duration
		return nil
	}
}

// oneOf returns a reader that accepts values without effect: they ask for what always applies.
func oneOf(values ...string) func(*mysqlDraft, string) error {
	return func(_ *mysqlDraft, value string) error {
		for _, v := range values {
			if strings.EqualFold(v, value) {
				return nil
			}
		}
		return errors.New("must be " + values[0] + ", as Tenantry needs it")
	}
}

var utf8Collation = regexp.MustCompile(`^utf8mb4_\w+$`)

func readCollation(d *mysqlDraft, value string) error {
	if !utf8Collation.MatchString(value) {
		return errors.New("must be one of utf8mb4")
	}
	d.config.Collation = value
	return nil
}

func flag(field func(*mysqlDraft) *bool) func(*mysqlDraft, string) error {
	return func(d *mysqlDraft, value string) error {
		on, err := readBool(value)
		if err != nil {
			return err
		}
		*field(d) = on
		return nil
	}
}

func readPacket(d *mysqlDraft, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return errors.New("must be a number of bytes")
	}
	d.config.MaxAllowedPacket = n
	return nil
}

var number = regexp.MustCompile(`^\d{1,9}(\.\d{1,6})?$`)

// variable returns a reader that sets a session variable. The driver puts the value into SQL, so
// only numbers are accepted.
func variable(name string) func(*mysqlDraft, string) error {
	return func(d *mysqlDraft, value string) error {
		if !number.MatchString(value) {
			return errors.New("must be a number")
		}
		d.config.Params[name] = value
		return nil
	}
}
