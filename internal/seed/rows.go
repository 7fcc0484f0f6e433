package seed

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
)

// rows are what an organisation is in the database, in the order of their creation.
type rows struct {
	tenant    db.Tenant
	companies []db.Company
	users     []db.User
}

const (
	setUpStep   = time.Minute    // from one thing that the first admin set up to the next
	firstInvite = time.Hour      // from the tenant's creation to the second account
	workday     = 9 * time.Hour  // beginning with the first invitation
	day         = 24 * time.Hour // from one workday to the next
	workweek    = 5
)

// rows returns the same for the same seed, whichever other scenarios there are.
func (o organisation) rows(seed uint64, passwordHash string) rows {
	r := newRandom(seed, o.scenario)
	at := o.since
	out := rows{tenant: db.Tenant{
		ID: r.id(at), Code: o.tenant.code, Name: o.tenant.name, Tier: o.tenant.tier, Status: "active",
		MaxCompanies: &o.tenant.maxCompanies, MaxUsers: &o.tenant.maxUsers,
		ContactName: &o.ceo.name, ContactEmail: &o.ceo.email, ContactPhone: &o.ceo.phone,
		CreatedAt: at, UpdatedAt: at, Version: 1,
	}}
	for _, c := range o.companies {
		at = at.Add(setUpStep)
		out.companies = append(out.companies, c.row(out.tenant.ID, r.id(at), at))
	}
	at = at.Add(setUpStep)
	newUser := func(p person, companyID uuid.UUID, at time.Time) db.User {
		return db.User{
			TenantID: out.tenant.ID, ID: r.id(at), Email: p.email, PasswordHash: &passwordHash, FullName: p.name, Phone: &p.phone,
			Role: string(p.role), IsActive: p.active, CompanyID: &companyID, CreatedAt: at, UpdatedAt: at, Version: 1,
		}
	}
	head := person{email: o.ceo.email, name: o.ceo.name, phone: o.ceo.phone, role: access.Admin, active: true}
	out.users = append(out.users, newUser(head, out.companies[0].ID, at))

	employees := o.employees(r)
	times := o.inviteTimes(r, len(employees))
	for i, e := range employees {
		out.users = append(out.users, newUser(e, out.companies[e.company].ID, times[i]))
	}
	return out
}

func (c company) row(tenantID, id uuid.UUID, at time.Time) db.Company {
	return db.Company{
		TenantID: tenantID, ID: id, Code: c.code, Name: c.name, Description: optional(c.description),
		Email: optional(c.email), Phone: optional(c.phone), Website: optional(c.website),
		AddressLine1: optional(c.address.line1), AddressLine2: optional(c.address.line2), City: optional(c.address.city),
		State: optional(c.address.state), PostalCode: optional(c.address.postalCode), Country: optional(c.address.country),
		TaxID: optional(c.taxID), RegistrationNumber: optional(c.registration), IsActive: !c.closed,
		CreatedAt: at, UpdatedAt: at, Version: 1,
	}
}

// person is a user before they have a row.
type person struct {
	email, name, phone string
	role               access.Role
	active             bool
	company            int // index
}

// employees returns everybody but the CEO, in the order in which they got their accounts.
func (o organisation) employees(r random) []person {
	var list []person
	for i, c := range o.companies {
		employ := func(n int, role access.Role, active bool) {
			for range n {
				list = append(list, person{role: role, active: active, company: i})
			}
		}
		employ(c.staff.admins, access.Admin, true)
		employ(c.staff.users, access.User, true)
		employ(c.staff.viewers, access.Viewer, true)
		employ(c.staff.former, access.User, false)
	}
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })

	origins := origins()
	addresses := newAddresses(o.domain)
	dial := newDial(r)
	for i := range list {
		given, family := name(r, origins)
		list[i].name = given + " " + family
		list[i].email = addresses.of(given, family)
		list[i].phone = dial.next(o.companies[list[i].company].phones)
	}
	return list
}

// inviteTimes spreads n accounts over the working hours of the organisation's first weeks. No two are at the same time.
func (o organisation) inviteTimes(r random, n int) []time.Time {
	slot := time.Duration(o.weeks) * workweek * workday / time.Duration(n)
	times := make([]time.Time, n)
	for i := range times {
		worked := time.Duration(i)*slot + time.Duration(r.Int64N(int64(slot)))
		days := int64(worked / workday)
		elapsed := time.Duration(days/workweek*7+days%workweek)*day + worked%workday
		times[i] = o.since.Add(firstInvite + elapsed).Truncate(time.Microsecond)
	}
	return times
}

// dial gives each caller another number of a range, in no order, and begins again when the range is used up.
type dial struct {
	r    random
	left map[phones][]int
}

func newDial(r random) dial { return dial{r: r, left: map[phones][]int{}} }

func (d dial) next(p phones) string {
	if len(d.left[p]) == 0 {
		d.left[p] = d.r.Perm(p.count)
	}
	n := d.left[p][0]
	d.left[p] = d.left[p][1:]
	return fmt.Sprintf(p.format, p.first+n)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
