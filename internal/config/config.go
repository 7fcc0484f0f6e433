// Package config defines the settings: names, defaults, parsing and checks.
package config

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/viper"

	unicodetext "github.com/tenantry/tenantry/internal/text"
)

// Environment is where the program runs.
type Environment string

// The environments. All but Development refuse dangerous settings.
const (
	Development Environment = "development"
	Staging     Environment = "staging"
	Production  Environment = "production"
)

// Config holds the settings after all checks, so that every value is valid.
type Config struct {
	AppName     string
	Environment Environment
	Debug       bool
	HTTPAddr    string // host:port, the host may be empty
	// ShutdownDelay is how long the server still accepts requests after the signal to stop.
	ShutdownDelay time.Duration

	SecretKey         Secret        // at least 32 bytes; not set only in development, see DevelopmentSecret
	SecretKeyPrevious Secret        // the previous SecretKey, while it is changed; at least 32 bytes if set
	SigningKeys       Hidden[[]any] // keys of tokens, Ed25519 or RSA; if there are none or the first is public, SecretKey signs
	AccessTokenTTL    time.Duration
	RefreshTokenTTL   time.Duration
	BcryptCost        int
	// PasswordResetURL is the page of the front end that receives one-time tokens, without a
	// fragment. It is empty if there is none.
	PasswordResetURL string
	// The superuser to create if there is none. Either both are set or neither is; the password
	// complies with the password rules.
	FirstSuperuserEmail    string
	FirstSuperuserPassword Secret

	AuditKey         Secret   // at least 32 bytes; not set: SecretKey also signs the audit trail
	AuditKeyPrevious []Secret // earlier keys of the audit trail; at least 32 bytes each
	// AuditCheckpointFile is where the server stores the last known entries of the audit trails. If
	// it is empty, they are kept in memory only.
	AuditCheckpointFile string

	DatabaseURL             Secret // postgres://..., mysql://..., sqlite:///relative or sqlite:////absolute
	MigrationsDatabaseURL   Secret // the same database, as the owner of its tables; not set: DatabaseURL
	BackupDatabaseURL       Secret // the same database, as a user who sees the rows of all tenants; not set: DatabaseURL
	DatabaseMaxConnections  int
	AutoMigrate             bool
	AllowSQLiteInProduction bool

	RedisURL       Secret         // in the form that redis.CheckURL accepts; not set: no Redis
	AllowedOrigins []string       // as browsers send them, or "*" in development
	TrustedProxies []netip.Prefix // networks whose X-Forwarded-For is trusted

	RateLimitEnabled           bool
	RateLimitPerMinute         int // per user, and per address
	RateLimitLoginPerMinute    int // per address
	RateLimitRefreshPerMinute  int // per address
	RateLimitPasswordPerMinute int // per user

	LogLevel  slog.Level
	LogFormat string // "json" or "text"
	LogFile   string // empty: stderr

	EnableMetrics   bool
	MetricsAddr     string // host:port of a separate listener; empty: HTTPAddr
	SentryDSN       Secret // not set: no reports
	OTLPEndpoint    string // of a collector, http:// or https://; empty: no traces
	OTLPHeaders     Hidden[http.Header]
	OTLPServiceName string

	Typos       []Typo   // variables that look like misspelt settings
	SecretFiles []string // files with secrets: .env, if it exists, and the files that <name>_FILE name
}

// fileSuffix is appended to the name of a secret. The resulting variable names a file that contains
// the secret.
const fileSuffix = "_FILE"

// unexpanded matches a reference such as ${DB_PASSWORD}, which neither a .env file nor systemd's
// EnvironmentFile replaces.
var unexpanded = regexp.MustCompile(`\$\{[A-Za-z_]\w*`)

// Load reads the settings from env, in the format of os.Environ. For what env doesn't set, it reads
// the file dotenv, which need not exist. Blank values count as unset, and blanks around a value are
// removed.
//
// It reports all faults at once: the error is a *Faults and never contains a secret's value.
func Load(env []string, dotenv string) (Config, error) {
	var (
		d      = draft{Config: Config{Environment: Production}} // the strictest environment, in case ENVIRONMENT is invalid
		rows   = d.settings()
		faults Faults
	)
	v := viper.New()
	written := readDotenv(dotenv, &faults)
	environment := environMap(env)
	d.Typos = typos(rows, written, environment)
	if len(written) > 0 {
		d.SecretFiles = append(d.SecretFiles, dotenv)
	}
	file := d.pick(rows, written, &faults)
	if err := v.MergeConfigMap(file); err != nil {
		return Config{}, fmt.Errorf("merge settings: %w", err)
	}
	for name, value := range d.pick(rows, environment, &faults) {
		v.Set(name, value)
	}
	for _, row := range rows {
		v.SetDefault(row.name, row.defaultIn(d.Environment))
		value := v.GetString(row.name)
		if value == "" {
			continue
		}
		if unexpanded.MatchString(value) {
			faults.add(row.name, "contains a ${...} that nothing has filled in; write the value out")
			continue
		}
		if err := row.parse(value); err != nil {
			faults.addError(row.name, err)
		}
	}
	d.complete(&faults)
	if len(faults.List) > 0 {
		return Config{}, &faults
	}
	return d.Config, nil
}

// pick returns the value of each setting from its name, its alias or the file that <name>_FILE
// names.
func (d *draft) pick(rows []setting, values map[string]string, faults *Faults) map[string]any {
	found := make(map[string]any)
	for _, row := range rows {
		value, alias := strings.TrimSpace(values[row.name]), strings.TrimSpace(values[row.alias])
		path := strings.TrimSpace(values[row.name+fileSuffix])
		switch {
		case row.secret && path != "" && (value != "" || alias != ""):
			faults.add(row.name, fmt.Sprintf("and %s%s are both set; keep one of them", row.name, fileSuffix))
		case row.secret && path != "":
			content, err := os.ReadFile(path)
			if err != nil {
				faults.add(row.name+fileSuffix, unreadable(err))
			}
			found[row.name] = strings.TrimSpace(unicodetext.Decode(content))
			d.SecretFiles = append(d.SecretFiles, path)
		case value != "" && alias != "" && value != alias:
			faults.add(row.name, fmt.Sprintf("and its other name %s have different values; set only one", row.alias))
		case value != "":
			found[row.name] = value
		case alias != "":
			found[row.name] = alias
		}
	}
	return found
}

func environMap(env []string) map[string]string {
	values := make(map[string]string, len(env))
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		values[name] = value
	}
	return values
}
