package apitest

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/api"
)

// Reply is a reply whose body has been read.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Option changes a request before it is sent.
type Option func(*http.Request)

// Header sets a header.
func Header(name, value string) Option {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// Do sends a request. A body is sent unchanged as application/json; "" sends none.
func (a *App) Do(t testing.TB, method, path, body string, options ...Option) Reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, a.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatalf("make request: %v", err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, o := range options {
		o(request)
	}
	response, err := a.HTTPClient().Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: read reply: %v", method, path, err)
	}
	return Reply{Status: response.StatusCode, Header: response.Header, Body: content}
}

// Want fails the test unless the reply has this status, and returns the reply.
func (r Reply) Want(t testing.TB, status int) Reply {
	t.Helper()
	if r.Status != status {
		t.Fatalf("status %d, want %d: %s", r.Status, status, r.Body)
	}
	return r
}

// WantCode fails the test unless the reply is a problem with this status and code, and returns the
// problem.
func (r Reply) WantCode(t testing.TB, status int, code api.ErrorCode) api.Problem {
	t.Helper()
	r.Want(t, status)
	p := Decode[api.Problem](t, r)
	if p.Code != code {
		t.Fatalf("code %s, want %s: %s", p.Code, code, r.Body)
	}
	return p
}

// WantField fails the test unless the problem has an error with this code at this place (a pointer
// or a parameter).
func (r Reply) WantField(t testing.TB, place, rule string) {
	t.Helper()
	for _, f := range Decode[api.Problem](t, r).Errors {
		pointer, parameter := f.Pointer != nil && *f.Pointer == place, f.Parameter != nil && *f.Parameter == place
		if (pointer || parameter) && f.Code == rule {
			return
		}
	}
	t.Errorf("no error has the code %q at %q: %s", rule, place, r.Body)
}

var entityTag = regexp.MustCompile(`^"(\d+)-[0-9a-f]{12}-[0-9a-f]{16}"$`)

// TaggedVersion returns the version in the reply's ETag, or 0 if it has no well-formed ETag.
func (r Reply) TaggedVersion() int {
	if parts := entityTag.FindStringSubmatch(r.Header.Get("ETag")); parts != nil {
		version, _ := strconv.Atoi(parts[1]) // digits
		return version
	}
	return 0
}

// Decode decodes a reply's JSON body.
func Decode[T any](t testing.TB, r Reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.Body, &v); err != nil {
		t.Fatalf("decode reply: %v: %s", err, r.Body)
	}
	return v
}
