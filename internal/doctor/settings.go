package doctor

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

func settingsFaults(err error) []Check {
	var faults *config.Faults
	if !errors.As(err, &faults) {
		return []Check{{Name: "settings", Result: Failed, Detail: err.Error()}}
	}
	var checks []Check
	for _, f := range faults.List {
		fix := "change " + f.Name + " in the environment or in .env"
		if strings.HasPrefix(f.Name, "~") {
			fix = "change that file"
		}
		checks = append(checks, Check{Name: "settings", Result: Failed, Detail: f.Name + " " + f.Expected, Fix: fix})
	}
	return checks
}

func (p Patient) settings() []Check {
	cfg := p.Config
	var found []Check
	warn := func(detail, fix string) { found = append(found, Check{Result: Warning, Detail: detail, Fix: fix}) }
	if cfg.Environment == config.Development {
		warn("ENVIRONMENT is development: insecure values are accepted", "in production, set ENVIRONMENT=production")
	}
	if cfg.SecretKeyPrevious.IsSet() {
		warn("SECRET_KEY_PREVIOUS is still accepted",
			fmt.Sprintf("take it away %d days after the change of SECRET_KEY", int(cfg.RefreshTokenTTL.Hours()/24)))
	}
	if cfg.PasswordResetURL == "" && cfg.Environment != config.Development {
		warn("PASSWORD_RESET_URL is not set: new users can't be sent a link to choose a password with, only the token for one",
			"set it to the page of your front end that takes the token")
	}
	for _, typo := range cfg.Typos {
		warn(fmt.Sprintf("the variable %s in %s is unknown", typo.Name, typo.In), fmt.Sprintf("if you mean %s, write that", typo.Meant))
	}
	return findings("settings", fmt.Sprintf("complete, for %s", cfg.Environment), found)
}

// mounted is the directory where container platforms mount secrets, readable for everyone in the
// container.
const mounted = "/run/secrets/"

// files warns if every user of this machine can open a file with secrets or the files of the SQLite
// database.
func (p Patient) files() []Check {
	var found []Check
	for _, path := range p.Config.SecretFiles {
		if !strings.HasPrefix(path, mounted) {
			found = append(found, openToAll(path, "secrets")...)
		}
	}
	if file, ok := store.SQLiteFile(p.Config.DatabaseURL.Reveal()); ok {
		for _, path := range []string{file, file + "-wal", file + "-shm"} {
			found = append(found, openToAll(path, "what the tenants have stored")...)
		}
	}
	return findings("files", "no secret or data is in a file that everybody can open", found)
}

// openToAll warns if every user of this machine can open the file. It ignores a file that doesn't
// exist.
func openToAll(path, content string) []Check {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" { // Windows has no such bits
		return nil
	}
	mode := info.Mode().Perm()
	if mode&0o007 == 0 {
		return nil
	}
	return []Check{{
		Result: Warning, Detail: fmt.Sprintf("%s may hold %s, and everybody on this machine can open it (mode %04o)", path, content, mode),
		Fix: "run: chmod o= " + path,
	}}
}
