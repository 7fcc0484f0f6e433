package seed

import (
	"slices"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
)

// rows are the rows of an organisation today, and the events that led to them.
type rows struct {
	tenant      db.Tenant
	companies   []db.Company
	branches    []db.Branch
	departments []db.Department // without their heads, because they are inserted before the users
	users       []db.User
	hash        string          // the password hash of their accounts
	headed      []db.Department // departments after they got a head
	events      []event         // one for each creation, change and other action
}

const (
	setUpStep   = 10 * time.Second // between two rows of the set-up
	firstInvite = time.Hour        // from the tenant's creation to the second account
	workday     = 9 * time.Hour    // beginning with the first invitation
	day         = 24 * time.Hour   // from one workday to the next
	workweek    = 5
	calmWeeks   = 4 // weeks of history after everybody had an account
)

// end returns the end of the history.
func (o organisation) end() time.Time { return o.since.Add(time.Duration(o.weeks+calmWeeks) * 7 * day) }

// rows returns the rows for a seed. They don't depend on the other scenarios.
func (o organisation) rows(seed uint64, passwordHash string) rows {
	c := &clock{r: newRandom(seed, o.scenario), at: o.since}
	out := rows{hash: passwordHash, tenant: db.Tenant{
		ID: o.tenantID(), Code: o.tenant.code, Name: o.tenant.name, Tier: o.tenant.tier, Status: "active",
		MaxCompanies: &o.tenant.maxCompanies, MaxUsers: &o.tenant.maxUsers,
		ContactName: &o.ceo.name, ContactEmail: &o.ceo.email, ContactPhone: &o.ceo.phone,
		CreatedAt: o.since, UpdatedAt: o.since, Version: 1,
	}}
	s := o.structure(c, out.tenant.ID)
	id, at := c.next()
	first := s.places[0]
	ceo := person{role: access.Admin, heads: &first, user: db.User{
		TenantID: out.tenant.ID, ID: id, Email: o.ceo.email, FullName: o.ceo.name, Phone: &o.ceo.phone,
		Role: string(access.Admin), IsActive: true, CreatedAt: at, UpdatedAt: at, Version: 1,
		CompanyID: &first.department.CompanyID, BranchID: first.department.BranchID, DepartmentID: &first.department.ID,
	}}
	employees := o.employees(c.r, out.tenant.ID, s.places)

	h := newHistory(newRandom(seed, o.scenario+" history"), out.tenant.ID, o.since, o.end())
	out.companies, out.branches, out.departments = s.companies, s.branches, s.departments
	h.setUp(out)
	h.runBy(ceo)
	h.close(&out, s.closed)
	for _, p := range slices.Insert(employees, 0, ceo) {
		user, headed := h.live(p)
		out.users = append(out.users, user)
		if headed != nil {
			out.headed = append(out.headed, *headed)
		}
	}
	out.events = h.inOrder()
	return out
}
