package config

import (
	"fmt"
	"slices"
	"strings"
)

// complete fills in what follows from other settings and checks what a setting's own parser can't know: the rules between
// settings, and those of the environment.
func (d *draft) complete(faults *Faults) {
	if d.LogFormat == "auto" {
		d.LogFormat = "json"
		if d.Environment == Development {
			d.LogFormat = "text"
		}
	}
	d.completeRedis(faults)
	if problem := d.secretKeyProblem(); problem != "" {
		faults.add("SECRET_KEY", problem)
	}
	if d.Environment != Development {
		d.refuseDangerous(faults)
	}
}

func (d *draft) completeRedis(faults *Faults) {
	switch {
	case d.redis.host != "" && d.RedisURL.IsSet():
		faults.add("REDIS_URL", "and REDIS_HOST are both set; keep one of them")
	case d.redis.host != "":
		d.RedisURL = d.redis.url()
	case d.redis.password.IsSet():
		faults.add("REDIS_PASSWORD", "needs REDIS_HOST; with REDIS_URL the password belongs in the URL")
	}
}

// refuseDangerous holds what is fine on a developer's machine only.
func (d *draft) refuseDangerous(faults *Faults) {
	if d.Debug && d.Environment == Production {
		faults.add("DEBUG", "must be false in production")
	}
	if slices.Contains(d.AllowedOrigins, "*") {
		faults.add("ALLOWED_ORIGINS", fmt.Sprintf("must name each origin in %s; * is for development", d.Environment))
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
