package main_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// underUnit returns an installation with the options that the documents suggest for the unit: a log
// file, a file of checkpoints and a signing key.
func underUnit(t *testing.T, engine store.Engine) *installation {
	t.Helper()
	home := newInstallation(t).inProduction()
	databaseURL := "sqlite:///" + home.dir + "/data/tenantry.db"
	if engine != store.SQLite {
		databaseURL = storetest.NewURL(t, engine)
	}
	if engine == store.Postgres {
		home = home.with("REDIS_URL=" + storetest.RedisURL(t))
	}
	return home.with(
		"DATABASE_URL="+databaseURL, "LOG_FILE="+home.dir+"/log/tenantry.log", "AUDIT_CHECKPOINT_FILE="+home.dir+"/audit-checkpoints",
		"FIRST_SUPERUSER_EMAIL=root@example.com", "FIRST_SUPERUSER_PASSWORD="+apitest.Password, "SHUTDOWN_DELAY_SEC=0", "ENABLE_METRICS=true",
	)
}

// The filter kills a process that makes a system call which the unit forbids.
func TestServerMakesNoForbiddenSystemCall(t *testing.T) {
	t.Parallel()
	filter := seccompFilter(t, readUnit(t).allowedCalls(t))
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		home := underUnit(t, engine).sandboxed(filter)
		for _, command := range []string{"migrate up", "doctor"} {
			if p := home.startSandboxed(strings.Fields(command)...); p.wait() != 0 {
				t.Fatalf("tenantry %s failed under the filter\n%s", command, p)
			}
		}
		p := home.startSandboxed("serve")
		p.url = p.await(&p.stdout, readyPattern)[1]
		g := p.login("root@example.com", apitest.Password)
		p.do(http.MethodGet, mePath, "", bearer(g.Access)).want(t, http.StatusOK)
		p.do(http.MethodGet, "/api/v1/audit/logs/export", "", bearer(g.Access)).want(t, http.StatusOK)
		if check := home.startSandboxed("healthcheck", "--url", p.url); check.wait() != 0 {
			t.Errorf("healthcheck failed under the filter\n%s", check)
		}

		log := filepath.Join(home.dir, "log", "tenantry.log")
		if err := os.Rename(log, log+".1"); err != nil {
			t.Fatal(err)
		}
		p.signal(syscall.SIGHUP)
		p.awaitLogFile(log)
		if info, err := os.Stat(log); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%v, %v; want a log file with the documented mode 0640", info, err)
		}
		p.signal(syscall.SIGTERM)
		if status := p.wait(); status != 0 {
			t.Errorf("exit status %d after SIGTERM\n%s", status, p)
		}
	})
}

// awaitLogFile sends requests until one is in the log file.
func (p *process) awaitLogFile(path string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return
		}
		p.do(http.MethodGet, "/api/healthz", "")
	}
	p.t.Fatalf("%s is empty\n%s", path, p)
}

// This proves that the filter works: without setpriority, which lowers the priority of hashing, a
// log-in kills the process.
func TestSystemCallFilterKills(t *testing.T) {
	t.Parallel()
	allowed := readUnit(t).allowedCalls(t)
	allowed["setpriority"] = false
	p := underUnit(t, store.SQLite).with("AUTO_MIGRATE=true", "FIRST_SUPERUSER_EMAIL=", "FIRST_SUPERUSER_PASSWORD=").
		sandboxed(seccompFilter(t, allowed)).startSandboxed("serve")
	p.url = p.await(&p.stdout, readyPattern)[1]
	_, err := p.try(http.MethodPost, loginPath, loginBody("nobody@example.com", apitest.Password))
	if status := p.wait(); err == nil || status != endedBySignal {
		t.Errorf("error %v, exit status %d, want a process killed by the filter\n%s", err, status, p)
	}
}

func TestSystemdUnitIsAsDocumented(t *testing.T) {
	t.Parallel()
	u := readUnit(t)
	for name, want := range map[string]string{
		"SystemCallErrorNumber": "EPERM",    // a call that a later version makes must not kill the server
		"StateDirectory":        "tenantry", // /var/lib/tenantry
		"LogsDirectory":         "tenantry", // /var/log/tenantry
		"LogsDirectoryMode":     "0750",
		"TimeoutStartSec":       "infinity", // a migration may take long
		"StartLimitIntervalSec": "0",        // a long outage of the database must not end the restarts
	} {
		if got := strings.Join(u[name], ", "); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if slices.Contains(u["ProcSubset"], "pid") {
		t.Error("ProcSubset=pid hides /proc/sys/net/core/somaxconn, so the listen queue is short")
	}
	// The unit can write files only in its own folders.
	for _, file := range []string{"docs/operations.md", "docs/tenantry.service", ".env.example", "docs/configuration.md"} {
		for _, path := range regexp.MustCompile(`/var/(?:lib|log)/[\w./-]+`).FindAllString(readSource(t, file), -1) {
			if !strings.HasPrefix(path, "/var/lib/tenantry") && !strings.HasPrefix(path, "/var/log/tenantry") {
				t.Errorf("%s names %s, which the unit can't write", file, path)
			}
		}
	}
}

// systemd accepts every directive and value of the unit.
func TestSystemdUnderstandsTheUnit(t *testing.T) {
	t.Parallel()
	storetest.RequireProgram(t, "systemd-analyze", "docs/tenantry.service")
	text := strings.ReplaceAll(readSource(t, "docs/tenantry.service"), "/usr/local/bin/tenantry", "/bin/true")
	for name, text := range map[string]string{
		"unchanged":                  text,
		"with the optional settings": regexp.MustCompile(`(?m)^#(\w+=)`).ReplaceAllString(text, "$1"),
	} {
		path := filepath.Join(t.TempDir(), "tenantry.service")
		writeFile(t, path, text)
		output, err := exec.Command("systemd-analyze", "verify", "--man=no", path).CombinedOutput()
		if err != nil || len(output) > 0 {
			t.Errorf("%s: %v\n%s", name, err, output)
		}
	}
}

// The document's script for other commands uses the settings, the user and the folders of the unit.
func TestSystemdRunScriptMatchesTheUnit(t *testing.T) {
	t.Parallel()
	u, given := readUnit(t), unit{}
	for _, match := range regexp.MustCompile(`--property=(\w+)=(\S+)`).FindAllStringSubmatch(block(t, "sh", "exec systemd-run"), -1) {
		given[match[1]] = append(given[match[1]], match[2])
	}
	if user := given["User"]; !slices.Equal(user, []string{"tenantry"}) { // DynamicUser= uses the name of the unit
		t.Errorf("User is %q, want tenantry", user)
	}
	delete(given, "User")
	for _, name := range []string{
		"EnvironmentFile", "DynamicUser", "StateDirectory", "StateDirectoryMode", "WorkingDirectory", "LogsDirectory", "LogsDirectoryMode", "UMask",
	} {
		if !slices.Equal(given[name], u[name]) {
			t.Errorf("%s is %q, want %q as in the unit", name, given[name], u[name])
		}
		delete(given, name)
	}
	if len(given) > 0 {
		t.Errorf("the script has properties that the unit lacks: %v", given)
	}
}
