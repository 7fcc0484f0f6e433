package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	loginPath     = "/api/v1/auth/login"
	refreshPath   = "/api/v1/auth/refresh"
	logoutPath    = "/api/v1/auth/logout"
	mePath        = "/api/v1/auth/me"
	companiesPath = "/api/v1/org/companies"
	problemType   = "application/problem+json"
)

// reply is a reply whose body has been read.
type reply struct {
	status int
	header http.Header
	body   string
}

// header is a header of a request.
type header struct{ name, value string }

// bearer returns the header with an access token.
func bearer(token string) header { return header{"Authorization", "Bearer " + token} }

// do sends a request; body is sent as JSON, "" sends none.
func (p *process) do(method, path, body string, headers ...header) reply {
	p.t.Helper()
	r, err := p.try(method, path, body, headers...)
	if err != nil {
		p.t.Fatalf("%s %s: %v\n%s", method, path, err, p)
	}
	return r
}

// try is do for requests that may get no reply.
func (p *process) try(method, path, body string, headers ...header) (reply, error) {
	request, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, fmt.Errorf("make request: %w", err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		request.Header.Set(h.name, h.value)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	return readReply(response)
}

func readReply(response *http.Response) (reply, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, fmt.Errorf("read reply: %w", err)
	}
	return reply{status: response.StatusCode, header: response.Header, body: string(body)}, nil
}

// want fails the test unless the reply has this status, and returns the reply.
func (r reply) want(t testing.TB, status int) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

// mustSoonRefuse fails the test if a request with a token is accepted that begins more than a
// second after a change on another instance forbade it.
func (p *process) mustSoonRefuse(method, path, body, token string, status int, code string) {
	p.t.Helper()
	for since := time.Now(); ; {
		late := time.Since(since) > time.Second
		if r := p.do(method, path, body, bearer(token)); r.status == status || late {
			r.wantProblem(p.t, status, code)
			return
		}
	}
}

// wantProblem fails the test unless the reply is a problem with this status and code.
func (r reply) wantProblem(t testing.TB, status int, code string) {
	t.Helper()
	r.want(t, status)
	problem := decode[struct{ Code string }](t, r)
	if contentType := r.header.Get("Content-Type"); contentType != problemType || problem.Code != code {
		t.Errorf("%s with code %q, want %s with %q: %s", contentType, problem.Code, problemType, code, r.body)
	}
}

func decode[T any](t testing.TB, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("decode reply: %v: %s", err, r.body)
	}
	return v
}

// company has the fields that tests inspect.
type company struct{ ID, Code string }

// companies returns all companies of a tenant, page by page.
func (p *process) companies(token string) []company {
	p.t.Helper()
	var all []company
	for cursor := ""; ; {
		page := decode[struct {
			Items      []company
			NextCursor *string `json:"next_cursor"`
		}](p.t, p.do(http.MethodGet, companiesPath+"?limit=100"+cursor, "", bearer(token)).want(p.t, http.StatusOK))
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			return all
		}
		cursor = "&cursor=" + url.QueryEscape(*page.NextCursor)
	}
}

// grant is the result of a log-in.
type grant struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// login logs a user in. The password and the tokens become secrets that must not be printed.
func (p *process) login(email, password string) grant {
	p.t.Helper()
	g := decode[grant](p.t, p.do(http.MethodPost, loginPath, loginBody(email, password)).want(p.t, http.StatusOK))
	if g.Access == "" || g.Refresh == "" {
		p.t.Fatal("the log-in returned no tokens")
	}
	p.home.secrets.add(password, g.Access, g.Refresh)
	return g
}

func loginBody(email, password string) string {
	body, err := json.Marshal(map[string]string{"email": email, "password": password})
	if err != nil {
		panic(err) // strings always can be encoded
	}
	return string(body)
}

// refresh sends a refresh token and returns the reply.
func (p *process) refresh(token string) reply {
	p.t.Helper()
	return p.do(http.MethodPost, refreshPath, fmt.Sprintf(`{"refresh_token":%q}`, token))
}

// dial opens a connection to send bytes that an HTTP client wouldn't.
func (p *process) dial() (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.url, "http://"), patience)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(patience))
}

// connect is dial; it fails the test on an error. The connection ends with the test.
func (p *process) connect() net.Conn {
	p.t.Helper()
	conn, err := p.dial()
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// awaitNoEntry waits until the process accepts no more connections.
func (p *process) awaitNoEntry() {
	p.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		conn, err := p.dial()
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	p.t.Fatal(errors.New("the process still accepts connections"))
}
