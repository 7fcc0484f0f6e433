package config

import "time"

// setting is one environment variable. Its description is in .env.example; a test compares the two.
type setting struct {
	name        string
	alias       string // another name that is understood, if any
	fallback    string // the default, in the format of the environment; "" for none
	development string // the default in development, if it differs
	secret      bool   // may be read from a file that <name>_FILE names
	parse       parser
}

func (s setting) defaultIn(env Environment) string {
	if env == Development && s.development != "" {
		return s.development
	}
	return s.fallback
}

// draft is a Config under construction, with settings that are only a part of one of its fields.
type draft struct {
	Config

	redis redisParts
}

// settings lists all variables. ENVIRONMENT precedes those whose default depends on it.
func (d *draft) settings() []setting {
	return []setting{
		{name: "APP_NAME", fallback: "Tenantry", parse: text(&d.AppName)},
		{name: "ENVIRONMENT", fallback: "development", parse: choice(&d.Environment, Development, Staging, Production)},
		{name: "DEBUG", fallback: "false", parse: boolean(&d.Debug)},
		{name: "HTTP_ADDR", fallback: ":8000", parse: address(&d.HTTPAddr)},
		{name: "ALLOWED_ORIGINS", parse: origins(&d.AllowedOrigins)},
		{name: "SHUTDOWN_DELAY_SEC", fallback: "5", development: "0", parse: duration(&d.ShutdownDelay, time.Second, 0, 300)},
		{name: "TRUSTED_PROXIES", parse: networks(&d.TrustedProxies)},

		{name: "RATE_LIMIT_ENABLED", fallback: "true", parse: boolean(&d.RateLimitEnabled)},
		{name: "RATE_LIMIT_PER_MINUTE", fallback: "60", development: "600", parse: integer(&d.RateLimitPerMinute, 1, 1_000_000)},
		{name: "RATE_LIMIT_LOGIN_PER_MINUTE", fallback: "20", parse: integer(&d.RateLimitLoginPerMinute, 1, 1_000_000)},
		{name: "RATE_LIMIT_REFRESH_PER_MINUTE", fallback: "30", parse: integer(&d.RateLimitRefreshPerMinute, 1, 1_000_000)},
		{name: "RATE_LIMIT_PASSWORD_PER_MINUTE", fallback: "5", parse: integer(&d.RateLimitPasswordPerMinute, 1, 1_000_000)},

		{name: "SECRET_KEY", secret: true, parse: secret(&d.SecretKey)},
		{name: "SECRET_KEY_PREVIOUS", secret: true, parse: secret(&d.SecretKeyPrevious)},
		{name: "SIGNING_KEY_FILE", parse: keyFile(&d.SigningKeys)},
		{name: "ACCESS_TOKEN_EXPIRE_MIN", fallback: "30", parse: duration(&d.AccessTokenTTL, time.Minute, 1, 1440)},
		{name: "REFRESH_TOKEN_EXPIRE_DAYS", fallback: "7", parse: duration(&d.RefreshTokenTTL, 24*time.Hour, 1, 365)},
		{name: "AUDIT_KEY", secret: true, parse: secret(&d.AuditKey)},
		{name: "AUDIT_KEY_PREVIOUS", secret: true, parse: secrets(&d.AuditKeyPrevious)},
		{name: "AUDIT_CHECKPOINT_FILE", parse: text(&d.AuditCheckpointFile)},
		{name: "BCRYPT_COST", fallback: "12", parse: integer(&d.BcryptCost, 4, 15)},
		{name: "PASSWORD_RESET_URL", parse: pageURL(&d.PasswordResetURL)},
		{name: "FIRST_SUPERUSER_EMAIL", parse: emailAddress(&d.FirstSuperuserEmail)},
		{name: "FIRST_SUPERUSER_PASSWORD", secret: true, parse: secret(&d.FirstSuperuserPassword)},

		{
			name: "DATABASE_URL", alias: "SQLALCHEMY_DATABASE_URL", secret: true,
			development: "sqlite:///data/tenantry.db", parse: databaseURL(&d.DatabaseURL),
		},
		{name: "MIGRATIONS_DATABASE_URL", secret: true, parse: databaseURL(&d.MigrationsDatabaseURL)},
		{name: "BACKUP_DATABASE_URL", secret: true, parse: databaseURL(&d.BackupDatabaseURL)},
		{name: "DATABASE_MAX_CONNECTIONS", fallback: "20", parse: integer(&d.DatabaseMaxConnections, 1, 1000)},
		{name: "AUTO_MIGRATE", fallback: "false", development: "true", parse: boolean(&d.AutoMigrate)},
		{name: "ALLOW_SQLITE_IN_PRODUCTION", fallback: "false", parse: boolean(&d.AllowSQLiteInProduction)},

		{name: "REDIS_URL", secret: true, parse: redisURL(&d.RedisURL)},
		{name: "REDIS_HOST", parse: hostname(&d.redis.host)},
		{name: "REDIS_PORT", fallback: defaultRedisPort, parse: redisPort(&d.redis.port)},
		{name: "REDIS_DB", fallback: "0", parse: integer(&d.redis.db, 0, 65535)},
		{name: "REDIS_PASSWORD", secret: true, parse: secret(&d.redis.password)},

		{name: "LOG_LEVEL", fallback: "info", parse: level(&d.LogLevel)},
		{name: "LOG_FORMAT", fallback: "auto", parse: choice(&d.LogFormat, "auto", "json", "text")},
		{name: "LOG_FILE", parse: text(&d.LogFile)},

		{name: "ENABLE_METRICS", fallback: "false", parse: boolean(&d.EnableMetrics)},
		{name: "METRICS_ADDR", parse: address(&d.MetricsAddr)},
		{name: "SENTRY_DSN", secret: true, parse: sentryDSN(&d.SentryDSN)},
		{name: "OTEL_EXPORTER_OTLP_ENDPOINT", parse: collectorURL(&d.OTLPEndpoint)},
		{name: "OTEL_EXPORTER_OTLP_HEADERS", secret: true, parse: headers(&d.OTLPHeaders)},
		{name: "OTEL_SERVICE_NAME", fallback: "tenantry", parse: text(&d.OTLPServiceName)},
	}
}
