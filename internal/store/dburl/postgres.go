package dburl

import (
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresOption is an option of the URL. Many can also be set by an environment variable, as for
// psql.
type postgresOption struct {
	name     string // as PostgreSQL spells it
	variable string // environment variable that libpq reads
	file     string // the default in ~/.postgresql, if there is one
	isOfTLS  bool   // ignored without TLS
	check    func(value string) error
}

// postgresOptions lists the options passed to the driver. Others would go to the server as
// settings, so they are refused.
var postgresOptions = []postgresOption{
	{name: "host"},
	{name: "port", variable: "PGPORT", check: checkPorts},
	{name: "user"},
	{name: "password"},
	{name: "dbname"},
	{name: "passfile", variable: "PGPASSFILE", check: checkFile},
	{name: "service"},
	{name: "servicefile", variable: "PGSERVICEFILE", check: checkFile},
	{name: "sslmode", variable: "PGSSLMODE", check: func(value string) error { _, err := readTLSMode(value); return err }},
	{name: "sslrootcert", variable: "PGSSLROOTCERT", file: "root.crt", isOfTLS: true, check: checkRoots},
	{name: "sslcert", variable: "PGSSLCERT", file: "postgresql.crt", isOfTLS: true, check: checkPEM},
	{name: "sslkey", variable: "PGSSLKEY", file: "postgresql.key", isOfTLS: true, check: checkPEM},
	{name: "sslpassword"},
	{name: "sslcertmode", variable: "PGSSLCERTMODE", check: among("disable", "allow", "require")},
	{name: "sslsni", variable: "PGSSLSNI", check: among("0", "1")},
	{name: "sslnegotiation", variable: "PGSSLNEGOTIATION", check: among("postgres", "direct")},
	{name: "channel_binding", variable: "PGCHANNELBINDING", check: among("disable", "prefer", "require")},
	{name: "require_auth", variable: "PGREQUIREAUTH"},
	{name: "krbsrvname", variable: "PGKRBSRVNAME"},
	{name: "krbspn"},
	{name: "min_protocol_version", variable: "PGMINPROTOCOLVERSION"},
	{name: "max_protocol_version", variable: "PGMAXPROTOCOLVERSION"},
	{name: "connect_timeout", variable: "PGCONNECT_TIMEOUT", check: checkSeconds},
	{
		name: "target_session_attrs", variable: "PGTARGETSESSIONATTRS",
		check: among("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
	},
	{name: "application_name", variable: "PGAPPNAME"},
	{name: "options", variable: "PGOPTIONS"},
	{name: "search_path"},
	{name: "client_encoding"},
	{name: "timezone"},
	{name: "statement_timeout"},
	{name: "lock_timeout"},
	{name: "work_mem"},
	{name: "pool_min_conns", check: checkSeconds},
	{name: "pool_max_conn_lifetime"},
	{name: "pool_max_conn_lifetime_jitter"},
	{name: "pool_max_conn_idle_time"},
	{name: "pool_health_check_period"},
}

// postgresSynonyms maps other libraries' names of options to PostgreSQL's.
var postgresSynonyms = map[string]string{
	"ssl": "sslmode", "tls": "sslmode", "database": "dbname", "schema": "search_path", "currentschema": "search_path", "sslca": "sslrootcert",
	"fallbackapplicationname": "application_name",
}

// postgresIdle lists options of other libraries that are accepted and ignored. They concern
// prepared statements behind a pooler (detected automatically), TCP keep-alive (always on), or
// features that this driver lacks.
var postgresIdle = []string{
	"pgbouncer", "prepared_statement_cache_size", "statement_cache_size", "statement_cache_capacity", "description_cache_capacity", "default_query_exec_mode",
	"prepareThreshold", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "gssencmode", "uselibpqcompat",
}

// postgresElsewhere maps options to the setting to use instead.
var postgresElsewhere = map[string]string{"connectionlimit": "DATABASE_MAX_CONNECTIONS", "poolmaxconns": "DATABASE_MAX_CONNECTIONS"}

// Postgres returns the driver's configuration, except for what Store sets itself. For what the URL
// doesn't say, it uses the environment variables and files that libpq uses.
func (u *URL) Postgres() (*pgxpool.Config, error) {
	settings, err := u.postgresSettings()
	if err != nil {
		return nil, err
	}
	if err := checkPostgres(settings); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(keywords(settings))
	switch {
	case err == nil && config.ConnConfig.Database == "":
		return nil, errNoDatabase
	case err == nil:
		return config, nil
	case strings.Contains(err.Error(), "failed to read service"):
		return nil, &Elsewhere{"PGSERVICE", "or the option service must name a service of the file that PGSERVICEFILE names, or of ~/.pg_service.conf"}
	case strings.Contains(err.Error(), "failed to configure TLS"):
		return nil, errors.New("has options for TLS (or there are PGSSL... variables) that don't fit together: sslcert and sslkey must be a certificate and its key")
	case strings.Contains(err.Error(), "port numbers"):
		return nil, errors.New("has another number of ports than of hosts")
	}
	return nil, errors.New("has an option with a value that isn't allowed") // the driver's message quotes the value
}

func (u *URL) postgresSettings() (map[string]string, error) {
	settings := map[string]string{}
	if u.user != nil {
		settings["user"] = u.user.Username()
		if password, given := u.user.Password(); given {
			settings["password"] = password
		}
	}
	var names, ports []string
	for _, h := range u.hosts {
		names, ports = append(names, h.name), append(ports, h.port)
	}
	if strings.Join(names, "") != "" {
		settings["host"] = strings.Join(names, ",")
	}
	if strings.Join(ports, "") != "" {
		settings["port"] = strings.Join(ports, ",")
	}
	if u.database != "" {
		settings["dbname"] = u.database
	}
	given := map[string]bool{}
	for _, o := range u.options {
		name, err := u.postgresName(o.name)
		if err != nil {
			return nil, err
		}
		if given[name] && name != "" {
			return nil, fmt.Errorf("has the option %s more than once, under two names", name)
		}
		if given[name] = true; name != "" {
			settings[name] = o.value
		}
	}
	normalizeTLS(settings)
	return settings, nil
}

// normalizeTLS normalizes sslmode to one of PostgreSQL's values. It removes files that this mode
// doesn't need, because the driver would read them.
func normalizeTLS(settings map[string]string) {
	given := settings["sslmode"]
	if given == "" && settings["service"] == "" && os.Getenv("PGSERVICE") == "" {
		given = os.Getenv("PGSSLMODE")
	}
	mode, err := readTLSMode(given)
	if err != nil {
		return // checkPostgres refuses it if it is given
	}
	settings["sslmode"] = mode
	switch mode {
	case tlsNoVerify:
		settings["sslmode"], settings["sslrootcert"] = tlsUnchecked, ""
	case tlsOff:
		settings["sslrootcert"], settings["sslcert"], settings["sslkey"] = "", "", ""
	}
}

// isSocket reports whether the server is reached through a Unix socket, and so without TLS.
func isSocket(settings map[string]string) bool {
	hosts, given := settings["host"]
	if !given {
		hosts = os.Getenv("PGHOST")
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if host != "" && host[0] != '/' && host[0] != '@' {
			return false
		}
	}
	return true
}

// postgresName returns PostgreSQL's name of an option, or "" for an option without effect.
func (u *URL) postgresName(given string) (string, error) {
	plain := plainOption(given)
	if setting, found := postgresElsewhere[plain]; found {
		return "", fmt.Errorf("has the option %.40q; set %s instead", given, setting)
	}
	if slices.ContainsFunc(postgresIdle, func(idle string) bool { return plainOption(idle) == plain }) {
		return "", nil
	}
	if name, found := postgresSynonyms[plain]; found {
		return name, nil
	}
	known := slices.Clone(postgresIdle)
	for _, o := range postgresOptions {
		if plainOption(o.name) == plain {
			return o.name, nil
		}
		known = append(known, o.name)
	}
	return "", u.unknownOption(given, known)
}

// checkPostgres checks the value of each option, whether it comes from the URL, an environment
// variable or a file.
func checkPostgres(settings map[string]string) error {
	for _, o := range postgresOptions {
		value, given := settings[o.name]
		if o.check == nil || given && value == "" || o.isOfTLS && isSocket(settings) {
			continue
		}
		if given {
			if err := o.check(value); err != nil {
				return fmt.Errorf("has the option %s, which %w", o.name, err)
			}
			continue
		}
		if value := os.Getenv(o.variable); o.variable != "" && value != "" {
			if err := o.check(value); err != nil {
				return &Elsewhere{o.variable, err.Error()}
			}
			continue
		}
		if err := checkDefaultFile(o); err != nil {
			return err
		}
	}
	return nil
}

func checkDefaultFile(o postgresOption) error {
	home, err := os.UserHomeDir()
	if err != nil || o.file == "" {
		return nil //nolint:nilerr // without a home folder there is no file
	}
	if _, err := os.Stat(filepath.Join(home, ".postgresql", o.file)); err != nil {
		return nil //nolint:nilerr // it isn't used
	}
	if err := o.check(filepath.Join(home, ".postgresql", o.file)); err != nil {
		return &Elsewhere{"~/.postgresql/" + o.file, strings.Replace(err.Error(), "must name a file", "must be a file", 1)}
	}
	return nil
}

// keywords writes settings as a keyword/value connection string, where a value may contain any
// character.
func keywords(settings map[string]string) string {
	var b strings.Builder
	for name, value := range settings {
		b.WriteString(Keyword(name, value) + " ")
	}
	return b.String()
}

// Keyword writes one setting of a PostgreSQL connection string as name='value'.
func Keyword(name, value string) string {
	return name + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

func among(values ...string) func(string) error {
	return func(value string) error {
		if !slices.Contains(values, value) {
			return errors.New("must be " + strings.Join(values, ", "))
		}
		return nil
	}
}

func checkSeconds(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 0 {
		return errors.New("must be a whole number")
	}
	return nil
}

func checkPorts(value string) error {
	for port := range strings.SplitSeq(value, ",") {
		if port != "" && !isPort(port) {
			return errors.New("must be a number from 1 to 65535")
		}
	}
	return nil
}

func checkFile(name string) error {
	file, err := os.Open(name) //nolint:gosec // the operator names it
	if err != nil {
		return errors.New("must name a file that can be read")
	}
	return file.Close()
}

func checkPEM(name string) error {
	content, err := os.ReadFile(name) //nolint:gosec // the operator names it
	if err != nil {
		return errors.New("must name a file that can be read")
	}
	if block, _ := pem.Decode(content); block == nil {
		return errors.New("must name a file in PEM")
	}
	return nil
}

func checkRoots(name string) error {
	if name == "system" {
		return nil
	}
	_, err := certificatesIn(name)
	return err
}
