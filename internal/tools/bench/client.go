package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// exchange sends a request with additional headers, and returns the body and entity tag of the
// reply. Another status than these is an error.
func exchange(
	ctx context.Context, client *http.Client, url string, r request, more map[string]string, statuses ...int,
) (body []byte, etag string, err error) {
	q, err := http.NewRequestWithContext(ctx, r.method, url+r.path, strings.NewReader(r.body))
	if err != nil {
		return nil, "", err
	}
	for name, value := range more {
		q.Header.Set(name, value)
	}
	if r.token != "" {
		q.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	reply, err := client.Do(q)
	if err != nil {
		return nil, "", err
	}
	defer reply.Body.Close()
	if body, err = io.ReadAll(reply.Body); err != nil {
		return nil, "", err
	}
	if !slices.Contains(statuses, reply.StatusCode) {
		return nil, "", fmt.Errorf("%s %s: status %d, want %v: %s", r.method, r.path, reply.StatusCode, statuses, body)
	}
	return body, reply.Header.Get("ETag"), nil
}

// call sends a request and returns the body of the reply. Another status is an error.
func call(ctx context.Context, url string, r request, status int) ([]byte, error) {
	body, _, err := exchange(ctx, http.DefaultClient, url, r, nil, status)
	return body, err
}

func loginRequest(email string) request {
	return request{method: http.MethodPost, path: "/api/v1/auth/login", body: fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)}
}

// grant has the tokens of a log-in or a refresh.
type grant struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func login(ctx context.Context, url, email string) (grant, error) {
	body, err := call(ctx, url, loginRequest(email), http.StatusOK)
	if err != nil {
		return grant{}, err
	}
	return parseGrant(body)
}

func parseGrant(body []byte) (grant, error) {
	var g grant
	if err := json.Unmarshal(body, &g); err != nil || g.AccessToken == "" || g.RefreshToken == "" {
		return grant{}, fmt.Errorf("no tokens in the reply (%w)", err)
	}
	return g, nil
}
