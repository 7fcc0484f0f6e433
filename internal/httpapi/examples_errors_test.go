package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/document"
)

// failures provoke the errors that the document shows, by the names of its shared replies.
var failures = map[string]func(t *testing.T, w *exampleWorld) apitest.Reply{
	"BadRequest": func(t *testing.T, w *exampleWorld) apitest.Reply {
		return w.asAdmin(t, http.MethodPost, companiesPath, `{"code": "NORTH", "name": "TechStart`)
	},
	"Unauthenticated": func(t *testing.T, w *exampleWorld) apitest.Reply {
		w.Clock.Advance(31 * time.Minute)
		return w.asAdmin(t, http.MethodGet, "/api/v1/auth/me", "")
	},
	"Denied": func(t *testing.T, w *exampleWorld) apitest.Reply {
		w.admin = w.loginCoworker(t)
		return w.asAdmin(t, http.MethodPost, companiesPath, `{"code": "NORTH", "name": "TechStart North"}`)
	},
	"Missing": func(t *testing.T, w *exampleWorld) apitest.Reply {
		return w.asAdmin(t, http.MethodGet, companiesPath+"/019371a0-5c00-7b99-8c00-0a1b2c3d4e5f", "")
	},
	"NoSuchErrorCode": func(t *testing.T, w *exampleWorld) apitest.Reply {
		return w.asAdmin(t, http.MethodGet, "/errors/nope", "")
	},
	"NotAcceptable": func(t *testing.T, w *exampleWorld) apitest.Reply {
		return w.asAdmin(t, http.MethodGet, companiesPath, "", apitest.Header("Accept", "application/xml"))
	},
	"Conflicting": func(t *testing.T, w *exampleWorld) apitest.Reply {
		return w.asAdmin(t, http.MethodPost, companiesPath, `{"code": "TECHSTART-HQ", "name": "Another"}`)
	},
	"TenantConflict": func(t *testing.T, w *exampleWorld) apitest.Reply {
		w.admin = w.superuser
		return w.asAdmin(t, http.MethodDelete, tenantPath(w.tenantID())+"?confirm_code=TECHSTART", "")
	},
	"Stale": func(t *testing.T, w *exampleWorld) apitest.Reply {
		return w.asAdmin(t, http.MethodDelete, companiesPath+"/"+w.ids["company"], "", apitest.Header("If-Match", `"7"`))
	},
	"BodyTooLarge": func(t *testing.T, w *exampleWorld) apitest.Reply {
		return w.asAdmin(t, http.MethodPost, companiesPath, `{"name": "`+strings.Repeat("x", 1<<20)+`"}`)
	},
	"UnsupportedMediaType": func(t *testing.T, w *exampleWorld) apitest.Reply {
		return w.asAdmin(t, http.MethodPost, companiesPath, `{"code": "NORTH"}`, apitest.Header("Content-Encoding", "gzip"))
	},
	"Invalid": func(t *testing.T, w *exampleWorld) apitest.Reply {
		return w.asAdmin(t, http.MethodPost, companiesPath, `{"code": "NORTH", "name": " ", "colour": "red"}`)
	},
	"TooManyRequests": func(t *testing.T, w *exampleWorld) apitest.Reply {
		w.Clock.Advance(18 * time.Second)
		for range 60 {
			if reply := w.asAdmin(t, http.MethodGet, companiesPath, ""); reply.Status != http.StatusOK {
				return reply
			}
		}
		return w.asAdmin(t, http.MethodGet, companiesPath, "")
	},
	"TooManyAttempts": func(t *testing.T, w *exampleWorld) apitest.Reply {
		wrong := func() apitest.Reply {
			return w.do(t, "", http.MethodPost, loginPath, loginBody("ceo@techstart.com", "wrong"), exampleRequestID)
		}
		for range 5 {
			wrong()
		}
		for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			w.Clock.Advance(wait)
			wrong()
		}
		return wrong()
	},
	"Failed": func(t *testing.T, w *exampleWorld) apitest.Reply {
		w.Exec(t, "ALTER TABLE companies RENAME TO former_companies")
		return w.asAdmin(t, http.MethodGet, companiesPath, "")
	},
	"Unavailable": func(t *testing.T, w *exampleWorld) apitest.Reply {
		w.Store.Close()
		w.Clock.Advance(time.Second) // until then the cached state is reported
		return w.asAdmin(t, http.MethodGet, companiesPath, "")
	},
}

// exampleRequestID is the request id in the document's errors.
var exampleRequestID = apitest.Header("X-Request-Id", "01939000-aaaa-7bbb-8ccc-ddddeeeeffff")

func (w *exampleWorld) asAdmin(t *testing.T, method, path, body string, options ...apitest.Option) apitest.Reply {
	t.Helper()
	return w.do(t, "Bearer "+w.admin.AccessToken, method, path, body, append(options, exampleRequestID)...)
}

// TestEveryExampleOfAnErrorIsTrue provokes every error that the document shows and compares the
// reply with the example.
func TestEveryExampleOfAnErrorIsTrue(t *testing.T) {
	t.Parallel()
	doc, err := document.Shared()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range apitest.Operations(t) {
		for status, response := range op.Spec.Responses.Map() {
			if response.Value.Content.Get("application/problem+json") != nil && response.Ref == "" {
				t.Errorf("%s %s: an error has to be one of the shared replies, whose examples are tested", op.ID, status)
			}
		}
	}
	seen := newHeaders()
	t.Run("reply", func(t *testing.T) {
		for name, response := range doc.Components.Responses {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if failures[name] == nil {
					t.Fatal("nothing provokes this error; add an entry to failures")
				}
				w := newExampleWorld(t)
				reply := failures[name](t, w)
				seen.note(name, response.Value, reply.Header)
				wantFailure(t, w, response.Value, reply)
			})
		}
	})
	seen.want(t)
}

func wantFailure(t *testing.T, w *exampleWorld, documented *openapi3.Response, reply apitest.Reply) {
	t.Helper()
	media := documented.Content.Get("application/problem+json")
	example, _ := plain(t, media.Example).(map[string]any)
	if fmt.Sprint(example["status"]) != fmt.Sprint(reply.Status) {
		t.Errorf("the example has status %v, the reply %d", example["status"], reply.Status)
	}
	for _, difference := range w.shows("application/problem+json", media, example, reply) {
		t.Error(difference)
	}
}
