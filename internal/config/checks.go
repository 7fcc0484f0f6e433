package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/passwords"
)

// complete sets values that follow from other settings, and checks rules that concern several
// settings or the environment.
func (d *draft) complete(faults *Faults) {
	if d.LogFormat == "auto" {
		d.LogFormat = "json"
		if d.Environment == Development {
			d.LogFormat = "text"
		}
	}
	d.completeRedis(faults)
	d.checkSameDatabase("MIGRATIONS_DATABASE_URL", d.MigrationsDatabaseURL, faults)
	d.checkSameDatabase("BACKUP_DATABASE_URL", d.BackupDatabaseURL, faults)
	d.checkMetrics(faults)
	if problem := d.secretKeyProblem(); problem != "" {
		faults.add("SECRET_KEY", problem)
	}
	if problem := d.previousKeyProblem(); problem != "" {
		faults.add("SECRET_KEY_PREVIOUS", problem)
	}
	d.checkAuditKeys(faults)
	d.checkFirstSuperuser(faults)
	if d.Environment != Development {
		d.refuseDangerous(faults)
	}
}

func (d *draft) completeRedis(faults *Faults) {
	switch {
	case d.redis.host != "" && d.RedisURL.IsSet():
		if !d.redis.sameAs(d.RedisURL) {
			faults.add("REDIS_URL", "and REDIS_HOST are both set, and say different things; keep one of them")
		}
	case d.redis.host != "":
		d.RedisURL = d.redis.url()
	case d.redis.password.IsSet():
		faults.add("REDIS_PASSWORD", "needs REDIS_HOST; with REDIS_URL the password belongs in the URL")
	}
}

// checkSameDatabase checks that a URL that must lead to the database of DATABASE_URL has the same
// engine.
func (d *draft) checkSameDatabase(name string, other Secret, faults *Faults) {
	if !other.IsSet() {
		return
	}
	engine, _, _ := strings.Cut(other.Reveal(), "://")
	serving, _, _ := strings.Cut(d.DatabaseURL.Reveal(), "://")
	switch {
	case serving == "":
		faults.add(name, "needs DATABASE_URL: both lead to the same database, as different users")
	case engine != serving:
		faults.add(name, "must lead to the same database as DATABASE_URL, which is "+serving)
	}
}

func (d *draft) checkMetrics(faults *Faults) {
	switch {
	case d.MetricsAddr != "" && !d.EnableMetrics:
		faults.add("METRICS_ADDR", "needs ENABLE_METRICS=true")
	case d.MetricsAddr != "" && d.MetricsAddr == d.HTTPAddr:
		faults.add("METRICS_ADDR", "must be another address than HTTP_ADDR; leave it out to have the metrics there")
	}
}

// refuseDangerous refuses settings that are acceptable only in development.
func (d *draft) refuseDangerous(faults *Faults) {
	if d.Debug && d.Environment == Production {
		faults.add("DEBUG", "must be false in production")
	}
	if slices.Contains(d.AllowedOrigins, "*") {
		faults.add("ALLOWED_ORIGINS", fmt.Sprintf("must name each origin in %s; * is for development", d.Environment))
	}
	if strings.HasPrefix(d.PasswordResetURL, "http:") {
		faults.add("PASSWORD_RESET_URL", fmt.Sprintf("must begin with https:// in %s: whoever sees the page's traffic gets the tokens", d.Environment))
	}
	if d.BcryptCost < 10 {
		faults.add("BCRYPT_COST", fmt.Sprintf("must be at least 10 in %s", d.Environment))
	}
	if !d.DatabaseURL.IsSet() {
		faults.add("DATABASE_URL", fmt.Sprintf("is required in %s, for instance postgres://user:password@host:5432/tenantry", d.Environment))
	}
	if strings.HasPrefix(d.DatabaseURL.Reveal(), "sqlite:") && !d.AllowSQLiteInProduction {
		faults.add("DATABASE_URL", fmt.Sprintf(
			"must name PostgreSQL or MySQL in %s; if SQLite is what you want, set ALLOW_SQLITE_IN_PRODUCTION=true", d.Environment))
	}
}

const howToMakeSecret = "make one with: openssl rand -base64 48"

func (d *draft) secretKeyProblem() string {
	key := d.SecretKey.Reveal()
	switch {
	case key == "" && d.Environment == Development:
		return ""
	case key == "":
		return fmt.Sprintf("is required in %s; %s", d.Environment, howToMakeSecret)
	}
	return d.keyProblem(key)
}

// checkAuditKeys is less strict with previous keys, so that a bad key can be replaced.
func (d *draft) checkAuditKeys(faults *Faults) {
	if d.AuditKey.IsSet() {
		if problem := d.keyProblem(d.AuditKey.Reveal()); problem != "" {
			faults.add("AUDIT_KEY", problem)
		}
	}
	for _, previous := range d.AuditKeyPrevious {
		if n := len(previous.Reveal()); n < minSecretBytes {
			faults.add("AUDIT_KEY_PREVIOUS", fmt.Sprintf("must be keys of at least %d bytes, separated by commas (one has %d)", minSecretBytes, n))
		}
	}
}

func (d *draft) keyProblem(key string) string {
	switch {
	case len(key) < minSecretBytes:
		return fmt.Sprintf("must be at least %d bytes in %s (it has %d); %s", minSecretBytes, d.Environment, len(key), howToMakeSecret)
	case d.Environment == Development:
		return ""
	case isWellKnown(key):
		return "must be your own, not an example that everyone knows; " + howToMakeSecret
	case isGuessable(key):
		return "must be random; this one has too few different characters or repeats itself; " + howToMakeSecret
	}
	return ""
}

// previousKeyProblem is less strict with the previous key, so that a bad key can be replaced. With
// SIGNING_KEY_FILE, SECRET_KEY may be the previous key.
func (d *draft) previousKeyProblem() string {
	key := d.SecretKeyPrevious.Reveal()
	switch {
	case key == "":
		return ""
	case len(key) < minSecretBytes:
		return fmt.Sprintf("must be at least %d bytes (it has %d); a shorter key can't be kept: leave it out, and everybody logs in again", minSecretBytes, len(key))
	case key == d.SecretKey.Reveal() && !signs(d.SigningKeys.Reveal()):
		return "is the same as SECRET_KEY; it must be the one before"
	}
	return ""
}

func (d *draft) checkFirstSuperuser(faults *Faults) {
	const address, secret = "FIRST_SUPERUSER_EMAIL", "FIRST_SUPERUSER_PASSWORD"
	switch {
	case d.FirstSuperuserEmail == "" && d.FirstSuperuserPassword.IsSet():
		faults.add(address, "is required with "+secret)
	case d.FirstSuperuserEmail != "" && !d.FirstSuperuserPassword.IsSet():
		faults.add(secret, "is required with "+address)
	}
	if !d.FirstSuperuserPassword.IsSet() {
		return
	}
	var broken []string
	for _, rule := range passwords.Check("", d.FirstSuperuserPassword.Reveal(), d.FirstSuperuserEmail) {
		broken = append(broken, rule.Detail)
	}
	if len(broken) > 0 {
		faults.add(secret, "is refused: "+strings.Join(broken, " "))
	}
}
