package isolation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// State has the rows that a witness sees, as text.
type State map[Row]string

// Row names a row.
type Row struct {
	Tenant uuid.UUID // zero for rows of no tenant
	Table  string
	Key    string
}

// Entry has the fields of an audit entry that the judge inspects.
type Entry struct {
	TenantID  uuid.UUID
	RequestID string
	Action    string
	Outcome   string
	ActorID   uuid.UUID // zero if nobody was logged in
}

// matches reports whether two entries have the same tenant, action and outcome, whoever the actor
// is.
func (e Entry) matches(other Entry) bool {
	return e.TenantID == other.TenantID && e.Action == other.Action && e.Outcome == other.Outcome
}

// maxDifferences is how many rows compare names.
const maxDifferences = 3

// compare describes the rows that differ in a later state; empty if none do. It ignores rows of
// tenants for which mayChange is true.
func (s State) compare(after State, mayChange func(tenant uuid.UUID) bool) string {
	var found []string
	add := func(row Row, what string) {
		if mayChange == nil || !mayChange(row.Tenant) {
			found = append(found, fmt.Sprintf("%s %s of tenant %s %s", row.Table, row.Key, row.Tenant, what))
		}
	}
	for row, text := range s {
		now, ok := after[row]
		switch {
		case !ok:
			add(row, "was deleted")
		case now != text:
			add(row, "has changed: "+now+", was "+text)
		}
	}
	for row := range after {
		if _, ok := s[row]; !ok {
			add(row, "was added")
		}
	}
	slices.Sort(found)
	if len(found) > maxDifferences {
		found = append(found[:maxDifferences], fmt.Sprintf("and %d more", len(found)-maxDifferences))
	}
	return strings.Join(found, "; ")
}
