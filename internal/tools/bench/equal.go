package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// A comparison is meaningless if the servers do different work.

var cursorPattern = regexp.MustCompile(`"next_cursor":"[^"]+"`)

// sameWork returns an error unless both servers create the same row and reply with the same bytes,
// except for ids, times and cursors.
func sameWork(ctx context.Context, s *store.Store, a, b string, w world, token string) error {
	reads := []request{{method: http.MethodGet, path: companiesPath + "?limit=20", token: token}}
	for _, id := range w.companies[:min(20, len(w.companies))] {
		reads = append(reads, request{method: http.MethodGet, path: companiesPath + "/" + id.String(), token: token})
	}
	for _, r := range reads {
		var bodies [2]string
		for i, url := range []string{a, b} {
			body, err := call(ctx, url, r, http.StatusOK)
			if err != nil {
				return err
			}
			bodies[i] = cursorPattern.ReplaceAllString(string(body), `"next_cursor":"..."`)
		}
		if bodies[0] != bodies[1] {
			return fmt.Errorf("the servers differ in %s:\n%s\n%s", r.path, bodies[0], bodies[1])
		}
	}
	var rows [2]string
	for i, url := range []string{a, b} {
		row, err := createdRow(ctx, s, url, token, w.tenant, i)
		if err != nil {
			return err
		}
		rows[i] = row
	}
	if rows[0] != rows[1] {
		return fmt.Errorf("the servers create different rows:\n%s\n%s", rows[0], rows[1])
	}
	return nil
}

// createdRow creates a company, and returns its row and the reply without values that always
// differ.
func createdRow(ctx context.Context, s *store.Store, url, token string, tenantID uuid.UUID, number int) (string, error) {
	code := fmt.Sprintf("SAME-WORK-%04d", number)
	body, err := call(ctx, url, request{
		method: http.MethodPost, path: companiesPath, token: token, body: strings.ReplaceAll(companyBody, unique, code),
	}, http.StatusCreated)
	if err != nil {
		return "", err
	}
	var reply struct {
		ID        uuid.UUID `json:"id"`
		CreatedAt string    `json:"created_at"`
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return "", err
	}
	row, err := s.GetCompany(ctx, db.GetCompanyParams{TenantID: tenantID, ID: reply.ID})
	if err != nil {
		return "", err
	}
	if !row.CreatedAt.Equal(row.UpdatedAt) {
		return "", fmt.Errorf("%s: created at %s, updated at %s", url, row.CreatedAt, row.UpdatedAt)
	}
	row.ID, row.CreatedAt, row.UpdatedAt = uuid.Nil, row.CreatedAt.Truncate(1<<62), row.UpdatedAt.Truncate(1<<62)
	stored, err := json.Marshal(row)
	if err != nil {
		return "", err
	}
	text := string(stored) + "\n" + string(body)
	for _, own := range []string{code, strings.ToLower(code), reply.ID.String(), reply.CreatedAt} {
		text = strings.ReplaceAll(text, own, "...")
	}
	return text, nil
}
