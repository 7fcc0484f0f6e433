package dburl

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgservicefile"
)

// postgresTarget lists the options that PostgresVariables leaves out, because the driver's
// configuration has their values.
var postgresTarget = []string{"host", "port", "user", "password", "dbname", "passfile", "service", "servicefile"}

// PostgresVariables returns the options of the URL as environment variables (NAME=value) for
// PostgreSQL's own programs. It leaves out the server, the user and the database; take those from
// the driver's configuration. For what the URL doesn't say, it uses the service that the URL names,
// or else the environment.
func (u *URL) PostgresVariables() ([]string, error) {
	settings, err := u.postgresSettings()
	if err != nil {
		return nil, err
	}
	service, err := serviceSettings(settings)
	if err != nil {
		return nil, err
	}
	var variables []string
	for _, o := range postgresOptions {
		value, given := settings[o.name]
		if !given {
			value, given = service[o.name]
		}
		if o.name == "sslpassword" && value != "" {
			return nil, errors.New("the URL has the option sslpassword, which PostgreSQL's own programs only take as an argument that others can read; " +
				"give BACKUP_DATABASE_URL a key without a password")
		}
		if o.variable == "" || slices.Contains(postgresTarget, o.name) {
			continue
		}
		if !given {
			value, given = os.LookupEnv(o.variable)
		}
		if given {
			variables = append(variables, o.variable+"="+value)
		}
	}
	return variables, nil
}

// serviceSettings returns the settings of the service that the URL or the environment names.
func serviceSettings(settings map[string]string) (map[string]string, error) {
	value := func(name, variable string) string {
		if given, found := settings[name]; found {
			return given
		}
		return os.Getenv(variable)
	}
	name, file := value("service", "PGSERVICE"), value("servicefile", "PGSERVICEFILE")
	if name == "" {
		return map[string]string{}, nil
	}
	if file == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, err
		}
		file = filepath.Join(home, ".pg_service.conf")
	}
	services, err := pgservicefile.ReadServicefile(file)
	if err != nil {
		return nil, errors.New("the file of services can't be read")
	}
	service, err := services.GetService(name)
	if err != nil {
		return nil, errors.New("the file of services doesn't have the service")
	}
	return service.Settings, nil
}

// MySQLPrograms returns the lines about TLS for an option file: both are read by the programs of
// MySQL and of MariaDB, and mariaDB only by MariaDB's. MariaDB's programs can't verify a
// certificate without the server's name, so they verify both if the URL asks for the certificate
// alone.
func (u *URL) MySQLPrograms() (both, mariaDB []string, err error) {
	d, err := u.mysqlDraft()
	if err != nil || d.config.Net == "unix" {
		return nil, nil, err
	}
	level, given := d.level()
	if !given {
		return nil, nil, nil
	}
	both = []string{"loose-ssl-mode=" + []string{"DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"}[level]}
	for _, file := range []struct{ option, name string }{{"ssl-ca", d.ca}, {"ssl-cert", d.cert}, {"ssl-key", d.key}} {
		if file.name != "" && level > levelOff && (file.option != "ssl-ca" || level >= levelChain) {
			both = append(both, file.option+"="+QuoteOption(file.name))
		}
	}
	switch level {
	case levelOff:
		return both, []string{"skip-ssl"}, nil
	case levelPreferred, levelEncrypted:
		return both, []string{"ssl", "skip-ssl-verify-server-cert"}, nil
	default:
		return both, []string{"ssl", "ssl-verify-server-cert"}, nil
	}
}

// QuoteOption quotes a value for an option file.
func QuoteOption(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(value) + `"`
}
