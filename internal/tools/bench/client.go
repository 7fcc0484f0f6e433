package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// call sends a request and returns the body of a reply that must have the status.
func call(ctx context.Context, url string, r request, status int) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, r.method, url+r.path, strings.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if r.token != "" {
		q.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	reply, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != status {
		err = fmt.Errorf("%s %s: status %d, want %d: %s", r.method, r.path, reply.StatusCode, status, body)
	}
	return body, err
}

func loginRequest(email string) request {
	return request{method: http.MethodPost, path: "/api/v1/auth/login", body: fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)}
}

// login returns an access token.
func login(ctx context.Context, url, email string) (string, error) {
	body, err := call(ctx, url, loginRequest(email), http.StatusOK)
	if err != nil {
		return "", err
	}
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &grant); err != nil {
		return "", fmt.Errorf("read the log-in: %w", err)
	}
	return grant.AccessToken, nil
}
