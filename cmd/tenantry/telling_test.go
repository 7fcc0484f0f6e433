package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

// hush begins each secret that a client sends; the place where it is sent follows.
const hush = "hush-"

// telling is a process with every kind of report enabled: logs, metrics, traces and Sentry.
type telling struct {
	*process

	log       string // path of a file
	metrics   string // of the last request
	collector *apitest.Collector
	sentry    *apitest.Sentry
}

func serveTelling(t *testing.T, databaseURL string) *telling {
	t.Helper()
	p := &telling{log: filepath.Join(t.TempDir(), "tenantry.log"), collector: apitest.NewCollector(t), sentry: apitest.NewSentry(t)}
	home := newInstallation(t, "DATABASE_URL="+databaseURL, "LOG_FILE="+p.log, "LOG_FORMAT=json", "ENABLE_METRICS=true",
		"SENTRY_DSN="+p.sentry.DSN, "OTEL_EXPORTER_OTLP_ENDPOINT="+p.collector.URL, "OTEL_EXPORTER_OTLP_HEADERS=x-key="+hush+"collector")
	home.secrets.add(hush, strings.ToUpper(hush), apitest.Password, "Bearer ")
	home.secrets.alsoIn("the log file", p.readLog(t))
	home.secrets.alsoIn("Prometheus", func() string { return p.metrics })
	home.secrets.alsoIn("the collector", p.collector.Raw)
	home.secrets.alsoIn("Sentry", p.sentry.Raw)
	p.process = home.serve()
	return p
}

func (p *telling) readLog(t *testing.T) func() string {
	return func() string {
		content, err := os.ReadFile(p.log)
		if err != nil {
			t.Error(err)
		}
		return string(content)
	}
}

// TestReportsContainNoSecret sends every operation with secrets in all possible places: valid
// requests, refused ones, and requests while the database is broken.
func TestReportsContainNoSecret(t *testing.T) {
	t.Parallel()
	databaseURL := "sqlite:///" + filepath.Join(t.TempDir(), "tenantry.db")
	admin := newAdmin(t, store.SQLite, databaseURL)
	super := newUser(t, databaseURL, func(u *db.User) { u.TenantID, u.IsSuperuser = access.PlatformTenantID, true })
	operations := apitest.Operations(t)
	p := serveTelling(t, databaseURL)
	for _, op := range operations {
		token := p.login(super.Email, apitest.Password).Access // some operations end the session
		p.driveWithSecrets(op, admin.ID.String(), token)
	}
	token := p.login(super.Email, apitest.Password).Access
	p.metrics = p.do(http.MethodGet, "/metrics", "").want(t, http.StatusOK).body
	aside(store.SQLite, databaseURL).Exec(t, "ALTER TABLE sessions RENAME TO former_sessions")
	for _, op := range operations {
		p.driveWithSecrets(op, admin.ID.String(), token)
	}
	p.metrics += p.do(http.MethodGet, "/metrics", "").want(t, http.StatusOK).body
	p.signal(syscall.SIGTERM)
	if status := p.wait(); status != 0 {
		t.Fatalf("exit status %d\n%s", status, p)
	}

	// Everything was reported; otherwise the search at the end of the test would prove nothing.
	log, traces := p.readLog(t)(), map[string]bool{}
	for _, s := range p.collector.Spans() {
		traces[s.GetName()] = true
	}
	reports := map[string]bool{}
	for _, e := range p.sentry.Events() {
		reports[e.Transaction] = true
	}
	for _, op := range operations {
		route := fmt.Sprintf(`"method":%q,"route":%q`, op.Method, op.Path)
		label := fmt.Sprintf(`method=%q,route=%q`, op.Method, op.Path)
		if !strings.Contains(log, route) || !strings.Contains(p.metrics, label) || !traces[op.Method+" "+op.Path] {
			t.Errorf("%s is missing in the log, in the metrics or in the traces", op.ID)
		}
		if op.RequiredRole != access.Anon && !reports[op.Method+" "+op.Path] {
			t.Errorf("Sentry has no report of the failure of %s", op.ID)
		}
	}
}

// newUser creates a user in a migrated database. The changes apply before it is saved. Their
// password is apitest.Password.
func newUser(t *testing.T, databaseURL string, changes ...func(*db.User)) db.User {
	t.Helper()
	s, err := store.Open(t.Context(), databaseURL, store.Options{MaxConnections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := aside(store.SQLite, databaseURL)
	a.Store = s
	return a.User(t, access.PlatformTenantID, access.Admin, changes...)
}

// driveWithSecrets sends a valid request for an operation, and requests that are refused. Secrets
// in the replies become secrets that must not be reported.
func (p *telling) driveWithSecrets(op access.Operation, id, token string) {
	p.t.Helper()
	path, body := op.Address(id), bodyWithSecrets(p.t, op)
	elsewhere := []header{
		{"Cookie", "session=" + hush + "cookie"},
		{"Referer", "https://app.example.com/?token=" + hush + "referer"},
		{"X-Api-Key", hush + "key"},
		{"Proxy-Authorization", "Basic " + hush + "proxy"},
		{"X-Request-Id", hush + "not sane"},
	}
	for _, attempt := range []struct {
		path, body string
		headers    []header
	}{
		{path, body, append(elsewhere, bearer(token))},
		{path + "?token=" + hush + "query&password=" + hush + "query", body, []header{bearer(token)}},
		{op.Address(hush + "path"), body, []header{bearer(token)}},
		{path + "/" + hush + "path", body, []header{bearer(token)}},
		{path, body, []header{bearer(hush + "token")}},
		{path, body, []header{{"Authorization", "Basic " + hush + "basic"}}},
		{path, `{"password":"` + hush + `unfinished`, []header{bearer(token)}},
		{path, `{"` + hush + `name":"` + hush + `value"}`, []header{bearer(token)}},
		{"/api" + strings.TrimPrefix(path, "/api/v1") + "?token=" + hush + "legacy", body, []header{bearer(token)}},
	} {
		if op.Method == http.MethodGet {
			attempt.body = ""
		}
		p.keepSecretsOf(p.do(op.Method, attempt.path, attempt.body, attempt.headers...))
	}
}

// bodyWithSecrets returns the document's example of a body with secrets wherever one fits.
func bodyWithSecrets(t testing.TB, op access.Operation) string {
	t.Helper()
	if op.Spec.RequestBody == nil {
		return ""
	}
	example, _ := op.Spec.RequestBody.Value.Content["application/json"].Example.(map[string]any)
	body := map[string]any{}
	for name, value := range example {
		if strings.Contains(name, "password") || strings.Contains(name, "token") {
			value = hush + name + "-long enough"
		}
		if name == "email" {
			value = hush + op.ID + "@example.com"
		}
		body[name] = value
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// keepSecretsOf adds the tokens in a reply to the secrets.
func (p *telling) keepSecretsOf(r reply) {
	var fields map[string]any
	if json.Unmarshal([]byte(r.body), &fields) != nil {
		return
	}
	for name, value := range fields {
		if text, ok := value.(string); ok && text != "" && (strings.HasSuffix(name, "token") || name == "link") {
			p.home.secrets.add(text)
		}
	}
}
