package main_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// TestKeysOfTheDocumentChangeWhileInstancesRestart rotates each key with the blocks of the
// document. After each block it restarts the instances one by one; after each restart every
// instance has to accept everything that the others have signed.
func TestKeysOfTheDocumentChangeWhileInstancesRestart(t *testing.T) {
	t.Parallel()
	const forgotten = "grep -v '^SECRET_KEY_PREVIOUS=' .env"
	for name, rounds := range map[string][]string{
		"SECRET_KEY":       {`"SECRET_KEY_PREVIOUS=$new"`, `"SECRET_KEY_PREVIOUS=$old"`, forgotten},
		"SIGNING_KEY_FILE": {"openssl genpkey", `"SECRET_KEY_PREVIOUS=$key"`, forgotten},
		"AUDIT_KEY":        {"grep -v '^AUDIT_KEY_PREVIOUS=' .env > .env.new\necho \"AUDIT_KEY_PREVIOUS=", `"AUDIT_KEY=$new"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL := storetest.NewURL(t, store.SQLite)
			admin := newAdmin(t, store.SQLite, databaseURL)
			home := &installation{t: t, dir: t.TempDir(), secrets: &secrets{}}
			home = home.with("HTTP_ADDR=127.0.0.1:0", "BCRYPT_COST=4", "LOG_LEVEL=warn", "RATE_LIMIT_ENABLED=false")
			writeFile(t, filepath.Join(home.dir, ".env"), "SECRET_KEY="+secretKey+"\nDATABASE_URL="+databaseURL+"\n")
			f := &fleet{t: t, home: home, instances: []*process{home.serve(), home.serve(), home.serve()}}
			f.grant = f.instances[0].login(admin.Email, apitest.Password)
			for _, code := range []string{"ONE", "TWO", "THREE"} {
				f.instances[0].do(http.MethodPost, companiesPath, `{"code":"`+code+`","name":"Company"}`, bearer(f.grant.Access)).want(t, http.StatusCreated)
			}
			f.mustAgree()
			for _, round := range rounds {
				before := readFile(t, home, ".env")
				home.shell(block(t, "sh", round))
				if readFile(t, home, ".env") == before {
					t.Fatalf("%s doesn't change the settings", round)
				}
				for i := range f.instances {
					f.restart(i)
					f.mustAgree()
				}
			}
			home.run(0, "audit", "verify")
			if p := home.run(0, "doctor"); strings.Contains(p.stdout.String(), "AUDIT_KEY_PREVIOUS") {
				t.Errorf("the key of the audit trail is missing:\n%s", p)
			}
			settings := "\n" + readFile(t, home, ".env")
			if old := strings.Contains(settings, "\nSECRET_KEY="+secretKey); old != (name != "SECRET_KEY") {
				t.Errorf("the old SECRET_KEY is set: %t\n%s", old, settings)
			}
			if !strings.Contains(settings, "\n"+name+"=") || strings.Contains(settings, "SECRET_KEY_PREVIOUS=") {
				t.Errorf("unexpected settings after the change:\n%s", settings)
			}
		})
	}
}

// fleet has the instances of one installation, with a client.
type fleet struct {
	t         *testing.T
	home      *installation
	instances []*process
	grant     grant
}

func (f *fleet) restart(i int) {
	f.t.Helper()
	f.instances[i].terminate()
	if log := f.instances[i].stderr.String(); strings.Contains(log, "ERROR") {
		f.t.Errorf("an instance has logged an error:\n%s", log)
	}
	f.instances[i] = f.home.serve()
}

// mustAgree refreshes through each instance and sends the result to all of them: the refresh token,
// the access token, a cursor and an audit entry.
func (f *fleet) mustAgree() {
	f.t.Helper()
	type page struct {
		Next *string `json:"next_cursor"`
	}
	for _, signer := range f.instances {
		for _, verifier := range f.instances {
			f.grant = decode[grant](f.t, signer.refresh(f.grant.Refresh).want(f.t, http.StatusOK))
			signed := bearer(f.grant.Access)
			first := decode[page](f.t, signer.do(http.MethodGet, companiesPath+"?limit=1", "", signed).want(f.t, http.StatusOK))
			if first.Next == nil {
				f.t.Fatal("the page has no cursor")
			}
			verifier.do(http.MethodGet, companiesPath+"?limit=1&cursor="+*first.Next, "", signed).want(f.t, http.StatusOK)
			signer.do(http.MethodPut, mePath, `{"full_name":"`+signer.url+verifier.url+`"}`, signed).want(f.t, http.StatusOK)
			trail := verifier.do(http.MethodGet, "/api/v1/audit/verify", "", signed).want(f.t, http.StatusOK)
			if verdict := trail.body; !strings.Contains(verdict, `"status":"intact"`) {
				f.t.Errorf("an instance reports a broken trail: %s", verdict)
			}
			f.grant = decode[grant](f.t, verifier.refresh(f.grant.Refresh).want(f.t, http.StatusOK))
		}
	}
}
