package seed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// Describe returns docs/seed-data.md: which data are loaded, and how. It is computed from the
// loaded data.
func Describe() string {
	var b strings.Builder
	b.WriteString(`# The demo data

There are five organisations to try Tenantry with. They work only with ` + "`ENVIRONMENT=development`" + `, because all passwords are public.

`)
	b.WriteString("| tenant | log-in of an admin | password | users | description |\n|---|---|---|---|---|\n")
	all := map[string]rows{}
	for _, o := range organisations() {
		r := o.rows(0, "")
		all[o.scenario] = r
		fmt.Fprintf(&b, "| [%s](#%s) | `%s` | `%s` | %s | %s |\n",
			o.tenant.name, anchor(o.tenant.name), o.ceo.email, Password, thousands(len(r.users)), o.about)
	}
	fmt.Fprintf(&b, "| none | `%s` | `%s` | | superuser: acts in any tenant with `?tenant_id=` |\n", SuperuserEmail, SuperuserPassword)
	b.WriteString(loading)
	for _, o := range organisations() {
		o.describe(&b, all[o.scenario])
	}
	return b.String()
}

const loading = `
## Loading it

` + "```sh" + `
tenantry serve --demo
` + "```" + `

This loads everything into a database without users, and starts the server. The next commands load data without starting
the server, also into a database that has users:

` + "```sh" + `
tenantry seed                            # loads the organisations that are missing
tenantry seed --scale small              # the same companies and log-ins, with a few dozen users each
tenantry seed --scenario tech-startup    # only one organisation
tenantry seed --seed 7                   # other people
` + "```" + `

An existing tenant isn't changed, so another scale or seed needs an empty database. Each organisation is loaded in one
transaction. If that is interrupted, the next call loads it. The same seed and scale give the same ids, times and names
on PostgreSQL, MySQL/MariaDB and SQLite. The tenants' ids and the log-ins above are the same for every seed. The server
recognises demo data by them, and refuses to start with it in staging and production.

## What it contains

- Every employee is a user with a company, a department and possibly a branch. All log in with their e-mail address, in
  the tenant's domain, and ` + "`password123`" + `. All names are invented; telephone numbers are from ranges reserved for fiction.
- Every department has a head, who works there. Some departments are parts of others.
- Former employees are inactive users. Closed companies and branches are inactive, too.
- The audit trail covers several weeks. It shows how the organisation was created, and who invited, appointed, promoted
  and deactivated whom. It also has log-ins, mistyped passwords, log-outs, changed telephone numbers, and a few users who
  tried something that only admins may do. It agrees with the rows: the changes, applied in order, give the current state.
  It is signed and sealed, so ` + "`tenantry audit verify`" + ` succeeds.
- There are no sessions: those of the log-ins in the trail have expired. The times are fixed; they don't depend on the
  current date.
`

func (o organisation) describe(b *strings.Builder, r rows) {
	roles, inactive := map[string]int{}, 0
	members := map[uuid.UUID]int{} // number of users by company, branch and department
	for _, u := range r.users {
		for _, id := range []*uuid.UUID{u.CompanyID, u.BranchID, u.DepartmentID} {
			if id != nil {
				members[*id]++
			}
		}
		if !u.IsActive {
			inactive++
			continue
		}
		roles[u.Role]++
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", o.tenant.name, o.about)
	fmt.Fprintf(b, "Code `%s`, scenario `%s`, tier %s: %d of at most %d companies, %s of at most %s users. The CEO is %s.\n\n",
		r.tenant.Code, o.scenario, r.tenant.Tier, len(r.companies), o.tenant.maxCompanies,
		thousands(len(r.users)), thousands(int(o.tenant.maxUsers)), o.ceo.name)
	fmt.Fprintf(b, "%d companies, %d branches, %d departments. Users: %d admins, %d with the role user, %d viewers, and %d inactive.\n",
		len(r.companies), len(r.branches), len(r.departments), roles["admin"], roles["user"], roles["viewer"], inactive)
	b.WriteString("\n| company | branch | departments | users |\n|---|---|---|---|\n")
	for _, c := range r.companies {
		fmt.Fprintf(b, "| **%s** `%s`%s | |%s| %d |\n", c.Name, c.Code, closed(c.IsActive), departments(r.departments, c.ID, nil, members), members[c.ID])
		for _, br := range r.branches {
			if br.CompanyID == c.ID {
				fmt.Fprintf(b, "| | %s `%s`%s |%s| %d |\n", br.Name, br.Code, closed(br.IsActive), departments(r.departments, c.ID, &br.ID, members), members[br.ID])
			}
		}
	}
	o.describeHistory(b, r)
}

func closed(active bool) string {
	if active {
		return ""
	}
	return ", closed"
}

// departments returns a table cell with the departments of a company or branch: the number of their
// users, and their parts in brackets.
func departments(list []db.Department, companyID uuid.UUID, branchID *uuid.UUID, members map[uuid.UUID]int) string {
	var below func(parent *uuid.UUID) string
	below = func(parent *uuid.UUID) string {
		var names []string
		for _, d := range list {
			if d.CompanyID != companyID || !same(d.BranchID, branchID) || !same(d.ParentID, parent) {
				continue
			}
			text := fmt.Sprintf("%s %d", d.Name, members[d.ID])
			if parts := below(&d.ID); parts != "" {
				text += " (" + parts + ")"
			}
			names = append(names, text)
		}
		return strings.Join(names, ", ")
	}
	if all := below(nil); all != "" {
		return " " + all + " "
	}
	return " "
}

func same(a, b *uuid.UUID) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func (o organisation) describeHistory(b *strings.Builder, r rows) {
	counts := map[string]int{}
	for _, e := range r.events {
		counts[e.entry.Action+" "+e.entry.Outcome]++
	}
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		action, outcome, _ := strings.Cut(what, " ")
		text := fmt.Sprintf("%s `%s`", thousands(counts[what]), action)
		if outcome != "success" {
			text += " (" + outcome + ")"
		}
		parts = append(parts, text)
	}
	fmt.Fprintf(b, "\nThe audit trail has %s entries from %s to %s: %s.\n", thousands(len(r.events)),
		r.events[0].entry.OccurredAt.Format(time.DateOnly), r.events[len(r.events)-1].entry.OccurredAt.Format(time.DateOnly), strings.Join(parts, ", "))
}

// anchor returns the link target of a heading in Markdown.
func anchor(heading string) string { return strings.ReplaceAll(strings.ToLower(heading), " ", "-") }

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
