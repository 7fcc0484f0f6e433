package config_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/config"
)

const goodSecret = "q7Vf0ZyT3mLr9XwKc2HsPd5NbJ8uEaGi4RtYoQ1eWxM6"

// outside returns a complete environment for staging or production, changed by entries.
func outside(env config.Environment, entries ...string) []string {
	return append([]string{
		"ENVIRONMENT=" + string(env),
		"SECRET_KEY=" + goodSecret,
		"DATABASE_URL=postgres://app:pw@db:5432/tenantry",
	}, entries...)
}

func load(t *testing.T, env ...string) config.Config {
	t.Helper()
	cfg, err := config.Load(env, "")
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return cfg
}

// faults returns what Load finds wrong, by the name of the variable.
func faults(t *testing.T, env []string, dotenv string) map[string]string {
	t.Helper()
	_, err := config.Load(env, dotenv)
	found := make(map[string]string)
	if err == nil {
		return found
	}
	var list *config.Faults
	if !errors.As(err, &list) {
		t.Fatalf("error is %T, want *config.Faults: %v", err, err)
	}
	for _, fault := range list.List {
		found[fault.Name] = fault.Expected
	}
	return found
}

func dotenv(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNothingIsRequiredInDevelopment(t *testing.T) {
	t.Parallel()
	cfg := load(t)
	if cfg.Environment != config.Development || cfg.SecretKey.IsSet() || cfg.RedisURL.IsSet() || !cfg.AutoMigrate {
		t.Errorf("unexpected defaults: %+v", cfg)
	}
	if got := cfg.DatabaseURL.Reveal(); got != "sqlite:///data/tenantry.db" {
		t.Errorf("DatabaseURL = %q", got)
	}
	if cfg.AppName != "Tenantry" || cfg.HTTPAddr != ":8000" || cfg.BcryptCost != 12 || cfg.DatabaseMaxConnections != 20 ||
		cfg.AccessTokenTTL != 30*time.Minute || cfg.RefreshTokenTTL != 7*24*time.Hour || cfg.LogFormat != "text" {
		t.Errorf("unexpected defaults: %+v", cfg)
	}
}

func TestProductionDefaults(t *testing.T) {
	t.Parallel()
	cfg := load(t, outside(config.Production)...)
	if cfg.AutoMigrate || cfg.LogFormat != "json" || cfg.SecretKey.Reveal() != goodSecret {
		t.Errorf("unexpected defaults: %+v", cfg)
	}
}

func TestEveryFaultIsNamedInOneError(t *testing.T) {
	t.Parallel()
	_, err := config.Load([]string{
		"ENVIRONMENT=production", "SECRET_KEY=too-short", "DATABASE_URL=oracle://x", "BCRYPT_COST=99",
		"LOG_LEVEL=loud", "ALLOWED_ORIGINS=https://app.example.com/", "HTTP_ADDR=8000",
	}, "")
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if lines[0] != "6 settings need your attention:" || len(lines) != 7 {
		t.Errorf("unexpected message:\n%v", err)
	}
	for _, want := range []string{
		"SECRET_KEY       must be at least 32 bytes in production (it has 9); make one with: openssl rand -base64 48",
		"DATABASE_URL     must be a URL like postgres://",
		"BCRYPT_COST      must be a whole number from 4 to 15, not \"99\"",
		"LOG_LEVEL        must be one of debug, info, warning, error, not \"loud\"",
		"ALLOWED_ORIGINS  must hold origins like https://app.example.com",
		"HTTP_ADDR        must be [host]:port",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("message lacks %q:\n%v", want, err)
		}
	}
}

func TestUnknownEnvironmentIsCheckedAsProduction(t *testing.T) {
	t.Parallel()
	found := faults(t, []string{"ENVIRONMENT=prod", "DEBUG=true"}, "")
	for _, name := range []string{"ENVIRONMENT", "DEBUG", "SECRET_KEY", "DATABASE_URL"} {
		if found[name] == "" {
			t.Errorf("no fault for %s in %v", name, found)
		}
	}
}

func TestValuesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, entry string }{
		{"ENVIRONMENT", "ENVIRONMENT=test"},
		{"DEBUG", "DEBUG=maybe"},
		{"HTTP_ADDR", "HTTP_ADDR=:http"},
		{"HTTP_ADDR", "HTTP_ADDR=:65536"},
		{"SECRET_KEY", "SECRET_KEY=" + strings.Repeat("x", 31)},
		{"ACCESS_TOKEN_EXPIRE_MIN", "ACCESS_TOKEN_EXPIRE_MIN=0"},
		{"ACCESS_TOKEN_EXPIRE_MIN", "ACCESS_TOKEN_EXPIRE_MIN=1441"},
		{"ACCESS_TOKEN_EXPIRE_MIN", "ACCESS_TOKEN_EXPIRE_MIN=30m"},
		{"REFRESH_TOKEN_EXPIRE_DAYS", "REFRESH_TOKEN_EXPIRE_DAYS=366"},
		{"DATABASE_URL", "DATABASE_URL=mssql+pyodbc://sa:pw@db/x"},
		{"DATABASE_URL", "DATABASE_URL=postgres"},
		{"DATABASE_URL", "DATABASE_URL=mysql://"},
		{"DATABASE_URL", "DATABASE_URL=sqlite://tenantry.db"},
		{"DATABASE_URL", "DATABASE_URL=postgres://app:${DB_PASSWORD}@db/tenantry"},
		{"DATABASE_MAX_CONNECTIONS", "DATABASE_MAX_CONNECTIONS=0"},
		{"AUTO_MIGRATE", "AUTO_MIGRATE=2"},
		{"ALLOWED_ORIGINS", "ALLOWED_ORIGINS=app.example.com"},
		{"ALLOWED_ORIGINS", "ALLOWED_ORIGINS=https://*.example.com"},
		{"ALLOWED_ORIGINS", "ALLOWED_ORIGINS=https://user:pw@example.com"},
		{"ALLOWED_ORIGINS", "ALLOWED_ORIGINS=null"},
		{"ALLOWED_ORIGINS", `ALLOWED_ORIGINS=["https://a.example"`},
		{"REDIS_URL", "REDIS_URL=localhost:6379"},
		{"REDIS_URL", "REDIS_URL=http://localhost:6379"},
		{"REDIS_HOST", "REDIS_HOST=localhost:6379"},
		{"REDIS_PORT", "REDIS_PORT=redis://10.0.0.1:6379"},
		{"REDIS_DB", "REDIS_DB=-1"},
		{"REDIS_PASSWORD", "REDIS_PASSWORD=alone"},
		{"BCRYPT_COST", "BCRYPT_COST=3"},
		{"LOG_LEVEL", "LOG_LEVEL=verbose"},
		{"LOG_FORMAT", "LOG_FORMAT=xml"},
		{"FIRST_SUPERUSER_EMAIL", "FIRST_SUPERUSER_PASSWORD=seven purple umbrellas"},
		{"FIRST_SUPERUSER_PASSWORD", "FIRST_SUPERUSER_EMAIL=operator@example.com"},
	} {
		t.Run(tc.entry, func(t *testing.T) {
			t.Parallel()
			found := faults(t, []string{tc.entry}, "")
			if found[tc.name] == "" || tc.name != "ENVIRONMENT" && len(found) != 1 {
				t.Errorf("faults = %v, want one for %s", found, tc.name)
			}
		})
	}
}

func TestRefusalsOutsideDevelopment(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, entry string }{
		{"SECRET_KEY", "SECRET_KEY="},
		{"SECRET_KEY", "SECRET_KEY=" + goodSecret[:31]},
		{"SECRET_KEY", "SECRET_KEY=change-me-change-me-change-me-change-me"},
		{"SECRET_KEY", "SECRET_KEY=" + strings.Repeat("aB3$xY7!", 5)},
		{"ALLOWED_ORIGINS", "ALLOWED_ORIGINS=https://a.example,*"},
		{"BCRYPT_COST", "BCRYPT_COST=9"},
		{"PASSWORD_RESET_URL", "PASSWORD_RESET_URL=HTTP://app.example.com/reset"},
		{"DATABASE_URL", "DATABASE_URL="},
		{"DATABASE_URL", "DATABASE_URL=sqlite+aiosqlite:///data/x.db"},
	} {
		for _, env := range []config.Environment{config.Staging, config.Production} {
			t.Run(fmt.Sprintf("%s/%s", env, tc.entry), func(t *testing.T) {
				t.Parallel()
				found := faults(t, outside(env, tc.entry), "")
				if found[tc.name] == "" || len(found) != 1 {
					t.Errorf("faults = %v, want one for %s", found, tc.name)
				}
			})
		}
	}
}

func TestDebugIsRefusedInProductionOnly(t *testing.T) {
	t.Parallel()
	if found := faults(t, outside(config.Production, "DEBUG=true"), ""); found["DEBUG"] == "" {
		t.Error("production accepts DEBUG=true")
	}
	if !load(t, outside(config.Staging, "DEBUG=true")...).Debug {
		t.Error("staging ignores DEBUG=true")
	}
}

func TestSQLiteOutsideDevelopmentOnRequest(t *testing.T) {
	t.Parallel()
	cfg := load(t, outside(config.Production, "DATABASE_URL=sqlite:////srv/x.db", "ALLOW_SQLITE_IN_PRODUCTION=true")...)
	if got := cfg.DatabaseURL.Reveal(); got != "sqlite:////srv/x.db" {
		t.Errorf("DatabaseURL = %q", got)
	}
}

func TestDevelopmentAllowsWhatProductionRefuses(t *testing.T) {
	t.Parallel()
	cfg := load(t, "DEBUG=on", "ALLOWED_ORIGINS=*", "BCRYPT_COST=4", "SECRET_KEY="+strings.Repeat("changeme", 4))
	if !cfg.Debug || !slices.Equal(cfg.AllowedOrigins, []string{"*"}) || cfg.BcryptCost != 4 || !cfg.SecretKey.IsSet() {
		t.Errorf("unexpected settings: %+v", cfg)
	}
}

func TestBooleans(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"true": true, "TRUE": true, "1": true, "Yes": true, "on": true,
		"false": false, "False": false, "0": false, "no": false, "OFF": false,
	} {
		if got := load(t, "AUTO_MIGRATE="+value).AutoMigrate; got != want {
			t.Errorf("AUTO_MIGRATE=%s gives %v", value, got)
		}
	}
}

func TestLogLevels(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]slog.Level{
		"debug": slog.LevelDebug, "INFO": slog.LevelInfo, "warning": slog.LevelWarn, "WARN": slog.LevelWarn, "Error": slog.LevelError,
		"CRITICAL": slog.LevelError,
	} {
		if got := load(t, "LOG_LEVEL="+value).LogLevel; got != want {
			t.Errorf("LOG_LEVEL=%s gives %v", value, got)
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	const hidden = "hunter2-hunter2-hunter2-hunter2-hunter2"
	cfg := load(t, "SECRET_KEY="+hidden, "DATABASE_URL=postgres://app:"+hidden+"@db/x", "REDIS_HOST=cache", "REDIS_PASSWORD="+hidden)
	cfg.SigningKeys = config.Hide([]any{hidden})
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "config", cfg, "key", cfg.SecretKey)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", cfg, "key", cfg.SecretKey)
	unexported := struct{ key config.Secret }{cfg.SecretKey}
	printed := fmt.Sprintf("%v %+v %#v %v %+v %#v %d %q", cfg, cfg, cfg, unexported, unexported, unexported, cfg.SecretKey, cfg.RedisURL)
	for _, output := range []string{printed, log.String()} {
		if strings.Contains(output, "hunter2") {
			t.Errorf("a secret is printed: %s", output)
		}
		if !strings.Contains(output, "[redacted]") {
			t.Errorf("want [redacted] in: %s", output)
		}
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	for _, entry := range []string{
		"SECRET_KEY=hunter2",
		"DATABASE_URL=hunter2",
		"DATABASE_URL=postgres:/app:hunter2@db",
		"DATABASE_URL=sqlite://hunter2",
		"DATABASE_URL=postgres://app:hunter2${X}@db/x",
		"SQLALCHEMY_DATABASE_URL=oracle://app:hunter2@db/x",
		"REDIS_URL=redis://:hunter2%zz@cache",
		"REDIS_URL=http://:hunter2@cache",
		"REDIS_HOST=:hunter2@cache",
		"REDIS_PASSWORD=hunter2",
		"ALLOWED_ORIGINS=https://user:hunter2@example.com",
	} {
		for _, env := range []config.Environment{config.Development, config.Production} {
			if _, err := config.Load([]string{"ENVIRONMENT=" + string(env), entry}, ""); err == nil {
				t.Errorf("%s is accepted", entry)
			} else if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error prints the secret: %v", err)
			}
		}
	}
}

func TestFirstSuperuserOfTheSettings(t *testing.T) {
	t.Parallel()
	cfg := load(t, "FIRST_SUPERUSER_EMAIL= Operator@Example.com ", "FIRST_SUPERUSER_PASSWORD=seven purple umbrellas")
	if cfg.FirstSuperuserEmail != "operator@example.com" || cfg.FirstSuperuserPassword.Reveal() != "seven purple umbrellas" {
		t.Errorf("%+v", cfg)
	}
	for _, tc := range []struct{ address, password, name, want string }{
		{"operator", "seven purple umbrellas", "FIRST_SUPERUSER_EMAIL", "must be an e-mail address"},
		{"operator@example.com", "hunter2", "FIRST_SUPERUSER_PASSWORD", "at least 12 characters"},
		{"operator@example.com", "PasswordPassword", "FIRST_SUPERUSER_PASSWORD", "many people have this one"},
		{"operator@example.com", "I am operator!", "FIRST_SUPERUSER_PASSWORD", "Do not use your e-mail address"},
	} {
		// Together with other faults.
		found := faults(t, []string{"LOG_LEVEL=loud", "FIRST_SUPERUSER_EMAIL=" + tc.address, "FIRST_SUPERUSER_PASSWORD=" + tc.password}, "")
		if !strings.Contains(found[tc.name], tc.want) || found["LOG_LEVEL"] == "" || strings.Contains(fmt.Sprint(found), tc.password) {
			t.Errorf("%+v: faults = %v", tc, found)
		}
	}
}

func TestTyposAreFound(t *testing.T) {
	t.Parallel()
	environment := []string{
		"REDIS_URI=x", "SECRETKEY=x", "DB_DSN=x", "SENTRY_DSN_FILES=x", // typos, and a name from another program
		"APP_NAMES=x", "LOG_LEVELS=", "SECRET_KEYS=x", "HTTP_PROXY=x", "REDIS_SERVICE_HOST=x", "REDIS_PORT_6379_TCP=x", // no typo, because APP_NAME is set; the others aren't ours
	}
	cfg, err := config.Load(environment, dotenv(t, strings.Join([]string{
		"SECRET_KEYS=x", "database_url=x", "BCRYPT_COSTS=x", "REDIS_PASWORD=x", "SQLALCHEMY_DATABASE_URI=x", // typos
		"APP_NAME=x", "SECRET_KEY_PREVIOUS_FILE=", "POSTGRES_PASSWORD=x", "SENTRY_URL=x", "PATH=x", "DEBUGGER=x", "SMTP_PORT=x", "BUG=x", // ours, and other programs'
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Typo{
		{"BCRYPT_COSTS", ".env", "BCRYPT_COST"},
		{"REDIS_PASWORD", ".env", "REDIS_PASSWORD"},
		{"SECRET_KEYS", ".env", "SECRET_KEY"},
		{"SQLALCHEMY_DATABASE_URI", ".env", "SQLALCHEMY_DATABASE_URL"},
		{"database_url", ".env", "DATABASE_URL"},
		{"DB_DSN", "the environment", "DATABASE_URL"},
		{"REDIS_URI", "the environment", "REDIS_URL"},
		{"SECRETKEY", "the environment", "SECRET_KEY"},
		{"SENTRY_DSN_FILES", "the environment", "SENTRY_DSN_FILE"},
	}
	if !slices.Equal(cfg.Typos, want) {
		t.Errorf("%+v, want %+v", cfg.Typos, want)
	}
}
