package isolation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// State is what is in the database, as far as a witness sees it: each row as text.
type State map[Row]string

// Row names a row.
type Row struct {
	Tenant uuid.UUID // zero: it belongs to none
	Table  string
	Key    string
}

// Entry is what is looked at in an audit entry.
type Entry struct {
	TenantID  uuid.UUID
	RequestID string
	Action    string
	Outcome   string
	ActorID   uuid.UUID // zero: nobody was logged in
}

// matches reports whether two entries say that the same was done in the same tenant, by whomever.
func (e Entry) matches(other Entry) bool {
	return e.TenantID == other.TenantID && e.Action == other.Action && e.Outcome == other.Outcome
}

// maxDifferences is how many rows a report names.
const maxDifferences = 3

// compare says what is different in another state, but for the rows of tenants that may change;
// empty if nothing is.
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
			add(row, "is gone")
		case now != text:
			add(row, "is another: "+now+" and not "+text)
		}
	}
	for row := range after {
		if _, ok := s[row]; !ok {
			add(row, "has come")
		}
	}
	slices.Sort(found)
	if len(found) > maxDifferences {
		found = append(found[:maxDifferences], fmt.Sprintf("and %d more", len(found)-maxDifferences))
	}
	return strings.Join(found, "; ")
}
