package scale_test

import (
	"fmt"
	"testing"
)

// proof describes how the cost of a list is tested.
type proof struct {
	table   string
	single  string                         // reads one row by its id
	rows    func(t testing.TB, d database) // inserts the rows
	filters map[string][]filter            // by the names of the parameters
	// unindexed lists columns of decimal numbers. PostgreSQL's comparison of numeric isn't
	// leakproof, so with row-level security it can't use an index for them; see
	// docs/adr/0012-row-level-security.md.
	unindexed []string
	more      func(testing.TB, *lab, proof) // further checks with these rows
}

// filter is a value of a parameter, with the equivalent SQL condition.
type filter struct {
	value string
	where string
	// spread is the number of rows that are read for each found row, if it isn't one: a search
	// reads rows that don't match.
	spread int
}

// equal returns filters for values of the column that has the parameter's name: a rare and a common
// one.
func equal(column string, values ...any) []filter {
	var list []filter
	for _, v := range values {
		list = append(list, filter{value: fmt.Sprint(v), where: fmt.Sprintf("%s = '%v'", column, v)})
	}
	return list
}

// commonText is in three of ten rows, spread evenly over the order.
var commonText = []filter{{value: "North", where: "search_text LIKE '%north%'", spread: 4}}

// proofs has the lists of resources without a description, by operation. The first value of each
// filter is rare, the second one, if there is one, common.
var proofs = map[string]proof{
	"listTenants": {
		table: "tenants", single: "GetTenant",
		rows: func(t testing.TB, d database) {
			d.fill(t, "tenants", `id, code, name, name_key, search_text, tier, status, created_at, updated_at, version`, fmt.Sprintf(`id(%d, i), 'C' || i, name, lower(name), word,
				CASE WHEN y %% 1000 = 0 THEN 'enterprise' WHEN y %% 10 < 6 THEN 'free' ELSE 'basic' END, CASE WHEN z / 1000 %% 1000 = 0 THEN 'suspended' ELSE 'active' END, at, at, 1`, rowKind))
		},
		filters: map[string][]filter{
			"code": equal("code", "C1000"), "tier": equal("tier", "enterprise", "free"), "status": equal("status", "suspended", "active"), "q": commonText,
		},
	},
	"listUsers": {
		table: "users", single: "GetUser",
		rows: func(t testing.TB, d database) {
			d.fill(t, "users", `tenant_id, id, email, full_name, name_key, role, is_invited, is_active, is_superuser, company_id, branch_id, department_id, search_text, created_at, updated_at, version`,
				fmt.Sprintf(`tenant_id, id(%d, i), 'u' || i || '@example.com', name, lower(name), CASE WHEN x / 10 %% 200 = 0 THEN 'admin' WHEN x / 10 %% 10 < 7 THEN 'user' ELSE 'viewer' END,
				y / 1000 %% 100 = 0, y %% 100 <> 0, false, id(%d, company), CASE WHEN z %% 200 = 0 THEN id(%d, 1) WHEN z %% 10 < 2 THEN NULL WHEN z %% 10 < 6 THEN id(%[3]d, 0) ELSE id(%[3]d, nth %% 50000) END,
				CASE WHEN z / 1000 %% 200 = 0 THEN id(%d, 1) WHEN z / 1000 %% 10 < 6 THEN id(%[4]d, 0) ELSE id(%[4]d, nth / 100) END, lower(name) || word, at, at, 1`,
					userKind, companyKind, branchKind, departmentKind))
		},
		filters: map[string][]filter{
			"email": equal("email", "u1000@example.com"), "role": equal("role", "admin", "user"), "is_active": equal("is_active", false, true),
			"is_invited": equal("is_invited", true, false),
			"company_id": equal("company_id", id(companyKind, 1), id(companyKind, 0)), "branch_id": equal("branch_id", id(branchKind, 1), id(branchKind, 0)),
			"department_id": equal("department_id", id(departmentKind, 1), id(departmentKind, 0)), "q": commonText,
		},
	},
	"listAuditLogs": {
		table: "audit_entries", single: "GetAuditEntry",
		rows: func(t testing.TB, d database) {
			d.fill(t, "audit_entries", `tenant_id, id, occurred_at, occurred_on, actor_id, actor_is_superuser, action, action_area, entity_type, entity_id, changes,
				outcome, ip, user_agent, request_id, method, path, search_text`, fmt.Sprintf(`tenant_id, id(%d, i), at, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
				CASE WHEN y %% 100 = 0 THEN id(%[2]d, 1) WHEN y %% 10 < 2 THEN NULL WHEN y %% 10 < 6 THEN id(%[2]d, 0) ELSE id(%[2]d, nth %% 50000) END, false,
				area || '.' || verb, area, area, CASE WHEN z %% 100 = 0 THEN id(%[3]d, 1) WHEN z %% 10 < 2 THEN id(%[3]d, 0) ELSE id(%[3]d, nth) END, '{"name":{"before":"a","after":"b"}}',
				CASE WHEN z / 1000 %% 100 = 0 THEN 'denied' WHEN z / 1000 %% 10 = 1 THEN 'failure' ELSE 'success' END,
				CASE WHEN x / 10 %% 100 = 0 THEN '2001:db8::1' WHEN x / 10 %% 10 < 5 THEN '192.0.2.1' ELSE '198.51.100.' || x %% 250 END, 'agent',
				CASE WHEN x / 10000 %% 100 = 0 THEN 'job' WHEN x / 10000 %% 10 < 2 THEN 'import' ELSE 'r' || i END, 'POST', '/', word`, rowKind, userKind, departmentKind))
		},
		filters: map[string][]filter{
			"actor_id":    equal("actor_id", id(userKind, 1), id(userKind, 0)),
			"action":      append(equal("action", "tenant.resume", "company.update"), filter{value: "tenant.*", where: "action LIKE 'tenant.%'"}, filter{value: "company.*", where: "action LIKE 'company.%'"}),
			"entity_type": equal("entity_type", "tenant", "company"), "entity_id": equal("entity_id", id(departmentKind, 1), id(departmentKind, 0)),
			"outcome": equal("outcome", "denied", "success"), "ip": equal("ip", "2001:db8::1", "192.0.2.1"), "request_id": equal("request_id", "job", "import"),
			"from": {{value: "2025-01-02T09:00:00Z", where: "occurred_at >= '2025-01-02T09:00:00Z'"}, {value: "2025-01-01T02:00:00Z", where: "occurred_at >= '2025-01-01T02:00:00Z'"}},
			"to":   {{value: "2025-01-01T00:10:00Z", where: "occurred_at < '2025-01-01T00:10:00Z'"}, {value: "2025-01-02T00:00:00Z", where: "occurred_at < '2025-01-02T00:00:00Z'"}},
			"q":    commonText,
		},
		more: proveTrail,
	},
}
