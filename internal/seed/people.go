package seed

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
)

// person is a user with their first state and what changed since then.
type person struct {
	user     db.User
	numbers  phones
	heads    *place      // the department that they head, or nil
	left     bool        // works there no longer
	role     access.Role // their present role
	newPhone *string     // their present number, if it changed
}

// employees returns everybody except the CEO, in the order in which they got their accounts.
func (o organisation) employees(r random, tenantID uuid.UUID, places []place) []person {
	var list []person
	for i := range places {
		here := places[i].employees()
		if i > 0 { // the CEO heads the first
			here[0].heads = &places[i]
		}
		list = append(list, here...)
	}
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })

	origins := origins()
	addresses := newAddresses(o.domain)
	dial := newDial(r)
	times := o.inviteTimes(r, len(list))
	for i := range list {
		p := &list[i]
		given, family := name(r, origins)
		phone := dial.next(p.numbers)
		p.user.TenantID, p.user.ID = tenantID, r.id(times[i])
		p.user.FullName, p.user.Email, p.user.Phone = given+" "+family, addresses.of(given, family), &phone
		p.user.CreatedAt, p.user.UpdatedAt = times[i], times[i]
		p.begin(r, dial)
	}
	return list
}

// employees returns the people who work in a place: admins first, then users.
func (p place) employees() []person {
	var list []person
	employ := func(n int, role access.Role, left bool) {
		for range n {
			u := db.User{
				CompanyID: &p.department.CompanyID, BranchID: p.department.BranchID, DepartmentID: &p.department.ID, IsActive: true, Version: 1,
			}
			list = append(list, person{user: u, numbers: p.phones, role: role, left: left})
		}
	}
	employ(p.staff.admins, access.Admin, false)
	employ(p.staff.users, access.User, false)
	employ(p.staff.viewers, access.Viewer, false)
	employ(p.staff.former, access.User, true)
	return list
}

// begin chooses how a person's first state differs from the present one: they have left, were
// promoted, changed their telephone number, or none of these.
func (p *person) begin(r random, dial dial) {
	const (
		oneAdminOf = 2
		oneUserOf  = 15
		onePhoneOf = 25
	)
	p.user.Role = string(p.role)
	switch {
	case p.left:
	case p.role == access.Admin && r.IntN(oneAdminOf) == 0:
		p.user.Role = string(access.User)
	case p.role == access.User && r.IntN(oneUserOf) == 0:
		p.user.Role = string(access.Viewer)
	case r.IntN(onePhoneOf) == 0:
		phone := dial.next(p.numbers)
		p.newPhone = &phone
	}
}

// inviteTimes spreads n accounts over the working hours of the organisation's first weeks. No two
// are at the same time.
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

// dial returns the numbers of a range in random order, and starts again when the range is used up.
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
