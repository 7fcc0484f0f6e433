package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const (
	operator         = "operator@example.com"
	operatorPassword = "seven purple umbrellas"
	otherPassword    = "eight yellow umbrellas"
)

// platformTrail returns the entries of the platform's trail as "action label", newest first. It
// fails the test unless the trail is intact.
func (p *process) platformTrail(t testing.TB, token string) []string {
	t.Helper()
	page := decode[struct {
		Items []struct {
			Action      string
			EntityLabel string `json:"entity_label"`
			UserAgent   string `json:"user_agent"`
			RequestID   string `json:"request_id"`
		}
	}](t, p.do(http.MethodGet, "/api/v1/audit/logs?limit=100", "", bearer(token)).want(t, http.StatusOK))
	var list []string
	for _, e := range page.Items {
		list = append(list, e.Action+" "+e.EntityLabel+" by "+e.UserAgent)
		if e.RequestID == "" {
			t.Errorf("%+v has no request id", e)
		}
	}
	p.home.run(0, "audit", "verify")
	return list
}

func TestSuperuserCreate(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL)
		home.secrets.add(operatorPassword, otherPassword)
		create := []string{"superuser", "create", "--email", operator, "--password-stdin"}
		home.withInput(operatorPassword+"\n").run(1, create...).wantError("run `tenantry migrate up`")

		admin := newAdmin(t, engine, databaseURL) // migrates
		p := home.withInput(operatorPassword+"\r\n").run(0, append(create, "--name", "Ola Operator")...)
		if got := p.stdout.String(); got != "Created the superuser operator@example.com.\n" {
			t.Errorf("output %q", got)
		}
		home.withInput(otherPassword).run(1, create...).wantError("exists already")
		taken := []string{"superuser", "create", "--email", strings.ToUpper(admin.Email), "--password-stdin"}
		home.withInput(otherPassword).run(1, taken...).wantError("exists already")

		server := home.serve()
		g := server.login(operator, operatorPassword) // the second command has changed nothing
		me := server.do(http.MethodGet, mePath, "", bearer(g.Access)).want(t, http.StatusOK)
		if !strings.Contains(me.body, `"is_superuser":true`) || !strings.Contains(me.body, `"Ola Operator"`) {
			t.Errorf("the user isn't a superuser: %s", me.body)
		}
		server.do(http.MethodGet, "/api/v1/tenants", "", bearer(g.Access)).want(t, http.StatusOK)
		server.login(admin.Email, apitest.Password)
		trail := server.platformTrail(t, g.Access)
		if want := "user.create operator@example.com by tenantry superuser create"; trail[len(trail)-1] != want || strings.Count(strings.Join(trail, "\n"), "user.create") != 1 {
			t.Errorf("the trail is %q, want it to begin with %q", trail, want)
		}
	})
}

func TestSuperuserResetPassword(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL)
		home.secrets.add(operatorPassword, otherPassword)
		admin := newAdmin(t, engine, databaseURL)
		home.withInput(operatorPassword).run(0, "superuser", "create", "--email", operator, "--password-stdin")
		server := home.serve()
		before := server.login(operator, operatorPassword)
		reset := func(status int, address, password string) *process {
			return home.withInput(password).run(status, "superuser", "reset-password", "--email", address, "--password-stdin")
		}
		reset(1, admin.Email, otherPassword).wantError("not a superuser")
		reset(1, "nobody@example.com", otherPassword).wantError("no user with this e-mail address")
		reset(1, operator, "too short").wantError("at least 12 characters")
		server.do(http.MethodGet, mePath, "", bearer(before.Access)).want(t, http.StatusOK)

		announced := announcements(t, databaseURL)
		reset(0, operator, otherPassword)
		if announced != nil && !strings.Contains(<-announced, access.PlatformTenantID.String()+"/") {
			t.Error("the command announces another subject than the superuser")
		}
		server.mustSoonRefuse(http.MethodGet, mePath, "", before.Access, http.StatusUnauthorized, "session_ended")
		server.refresh(before.Refresh).wantProblem(t, http.StatusUnauthorized, "session_ended")
		server.do(http.MethodPost, loginPath, loginBody(operator, operatorPassword)).wantProblem(t, http.StatusUnauthorized, "invalid_credentials")
		after := server.login(operator, otherPassword)
		if trail := strings.Join(server.platformTrail(t, after.Access), "\n"); !strings.Contains(trail, "auth.password_reset operator@example.com by tenantry superuser reset-password") {
			t.Errorf("the trail lacks the reset:\n%s", trail)
		}
		aside(engine, databaseURL).Exec(t, "UPDATE users SET is_active = FALSE WHERE email = '"+operator+"'")
		reset(1, operator, operatorPassword).wantError("inactive")
	})
}

// announcements returns the messages on a database's channel until the test ends, without
// heartbeats; nil if the engine has no channel.
func announcements(t *testing.T, databaseURL string) <-chan string {
	t.Helper()
	channel := storetest.Open(t, databaseURL).Channel(invalidation.Name)
	if channel == nil {
		return nil
	}
	texts, ready := make(chan string, 100), make(chan struct{})
	go func() {
		_ = channel.Listen(t.Context(), func() { close(ready) }, func(text string) {
			if !strings.Contains(text, "beat:") {
				texts <- text
			}
		})
	}()
	<-ready
	return texts
}

func TestOneOfSeveralCommandsCreatesTheSuperuser(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL)
		home.run(0, "migrate", "up")
		created := 0
		var started []*process
		for n := range 4 {
			started = append(started, home.withInput(fmt.Sprint(operatorPassword, n)).start("superuser", "create", "--email", operator, "--password-stdin"))
		}
		for _, p := range started {
			switch status := p.wait(); status {
			case 0:
				created++
			case 1:
				p.wantError("exists already")
			default:
				t.Errorf("status %d\n%s", status, p)
			}
		}
		if created != 1 {
			t.Errorf("%d commands created the superuser, want 1", created)
		}
	})
}

func TestPasswordsOfSuperusers(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "DATABASE_URL=sqlite:///tenantry.db")
	home.run(0, "migrate", "up")
	create := func(address string, flags ...string) []string {
		return append([]string{"superuser", "create", "--email", address}, flags...)
	}
	for input, message := range map[string]string{
		"":                         "the password is empty",
		"\n":                       "the password is empty",
		"short":                    "at least 12 characters",
		strings.Repeat("long", 19): "Use at most 72 characters",
		"passwordpassword":         "many people have this one",
		"I am operator here":       "Do not use your e-mail address or the name in it.",
		"two lines\nof a password": "one line",
		"twelve bytes\x00":         "control characters",
		"twelve bytes \xff\xfe":    "UTF-8",
	} {
		p := home.withInput(input).run(1, create(operator, "--password-stdin")...)
		p.wantError(message)
		if input = strings.TrimSpace(input); input != "" && strings.Contains(p.String(), input) {
			t.Errorf("the output contains the password: %s", p)
		}
	}
	for _, address := range []string{"operator", "op erator@example.com", "@example.com", "a@b\u00a0c", strings.Repeat("a", 250) + "@example.com"} {
		home.withInput(operatorPassword).run(1, create(address, "--password-stdin")...).wantError("is no e-mail address")
	}
	home.withInput(operatorPassword).run(1, create(operator)...).wantError("no terminal", "--password-file or --password-stdin")
	home.withInput(operatorPassword).run(1, "superuser", "create", "--password-stdin").wantError("--email is needed")
	home.run(2, create(operator, "--password", operatorPassword)...).wantError("unknown flag: --password")
	home.run(2, create(operator, "--password-stdin", "--password-file", "x")...).wantError("none of the others can be")
	home.run(1, create(operator, "--password-file", "missing")...).wantError("--password-file", "no such file")
	home.withInput(operatorPassword).run(1, create(operator, "--password-stdin", "--name", " ")...).wantError("--name")
	home.inProduction().withInput(operatorPassword).run(1, create("Ceo@TechStart.com", "--password-stdin")...).wantError("demo data")

	// None of these created a superuser; a password file does.
	writeFile(t, filepath.Join(home.dir, "secret"), "  blanks belong to it \n")
	home.run(0, create(operator, "--password-file", "secret")...)
	home.serve().login(operator, "  blanks belong to it ")
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFirstSuperuserIsCreatedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL, "AUTO_MIGRATE=true").inProduction()
		var wait sync.WaitGroup
		servers := make([]*process, 10)
		for n := range servers {
			// Each server has a different address, so that the unique index of addresses isn't what
			// refuses the others.
			servers[n] = home.with(fmt.Sprintf("FIRST_SUPERUSER_EMAIL=Operator%d@example.com", n), "FIRST_SUPERUSER_PASSWORD="+operatorPassword).start("serve")
		}
		created := make([]int, len(servers))
		for n, p := range servers {
			wait.Go(func() {
				p.url = p.await(&p.stdout, readyPattern)[1]
				p.await(&p.stderr, regexp.MustCompile(`first superuser|superuser already`))
				created[n] = strings.Count(p.stderr.String(), "created the first superuser")
				if ignored := strings.Count(p.stderr.String(), "are ignored, because there is a superuser already"); created[n]+ignored != 1 {
					t.Errorf("the log says %d times that it created one, and %d times that it didn't:\n%s", created[n], ignored, p)
				}
			})
		}
		wait.Wait()
		var total int
		var address string
		for n, count := range created {
			if total += count; count > 0 {
				address = fmt.Sprintf("operator%d@example.com", n)
			}
		}
		if total != 1 {
			t.Fatalf("%d servers created a superuser, want 1", total)
		}
		g := servers[0].login(address, operatorPassword)
		list := decode[struct{ Items []json.RawMessage }](t, servers[1].do(http.MethodGet, "/api/v1/users", "", bearer(g.Access)).want(t, http.StatusOK))
		if len(list.Items) != 1 {
			t.Errorf("the platform has %d users, want 1", len(list.Items))
		}
		trail := servers[0].platformTrail(t, g.Access)
		if want := "user.create " + address + " by tenantry serve"; trail[len(trail)-1] != want {
			t.Errorf("the trail is %q, want it to begin with %q", trail, want)
		}
	})
}

func TestFirstSuperuserSettingChangesNoExistingUser(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewURL(t, store.SQLite)
	home := newInstallation(t, "DATABASE_URL="+databaseURL)
	admin := newAdmin(t, store.SQLite, databaseURL)
	with := func(address, password string) *installation {
		return home.with("FIRST_SUPERUSER_EMAIL="+address, "FIRST_SUPERUSER_PASSWORD="+password)
	}
	// The address of a tenant's user is refused.
	with(admin.Email, operatorPassword).run(1, "serve").wantError("FIRST_SUPERUSER_EMAIL", "belongs to a user of a tenant")
	with(operator, operatorPassword).serve().kill()
	// A different password later doesn't change the existing one.
	p := with(operator, otherPassword).serve()
	p.login(operator, operatorPassword)
	p.do(http.MethodPost, loginPath, loginBody(operator, otherPassword)).wantProblem(t, http.StatusUnauthorized, "invalid_credentials")

	with("ceo@techstart.com", operatorPassword).inProduction().run(2, "serve").wantError("FIRST_SUPERUSER_EMAIL", "demo account")
}
