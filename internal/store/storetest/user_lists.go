package storetest

import (
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

var userListTests = map[string]func(*T){
	"user list/pages of any size hold every row once and in order": func(t *T) {
		one := tenant(t)
		user(t, newUser(tenant(t)))
		var rows []db.User
		for _, gap := range gaps {
			u := newUser(one)
			u.CreatedAt, u.NameKey = noon().Add(gap.after), gap.name
			rows = append(rows, user(t, u))
		}
		users.holdEveryRow(t, one, rows)
	},
	"user list/filters": func(t *T) {
		one := tenant(t)
		c := company(t, newCompany(one, "C"))
		b, d := branch(t, newBranch(c, "B")), department(t, newDepartment(c, "D"))
		emails := map[string]string{}
		for name, change := range map[string]func(*db.User){
			"A": func(u *db.User) { u.CompanyID, u.SearchText = &c.ID, "alpha" },
			"B": func(u *db.User) { u.BranchID, u.SearchText = &b.ID, "beta" },
			"C": func(u *db.User) { u.DepartmentID, u.IsActive = &d.ID, false },
			"D": func(u *db.User) { u.Role, u.CompanyID = "admin", &c.ID },
		} {
			u := newUser(one)
			u.FullName = name
			change(&u)
			emails[name] = user(t, u).Email
		}
		user(t, newUser(tenant(t)))
		users.filter(t, one, func(u db.User) string { return u.FullName }, []filterCase[db.UserFilters]{
			{"nothing", db.UserFilters{}, "A B C D"},
			{"e-mail address", db.UserFilters{Email: new(emails["B"])}, "B"},
			{"role", db.UserFilters{Role: new("admin")}, "D"},
			{"not active", db.UserFilters{IsActive: new(false)}, "C"},
			{"company", db.UserFilters{CompanyID: &c.ID}, "A D"},
			{"branch", db.UserFilters{BranchID: &b.ID}, "B"},
			{"department", db.UserFilters{DepartmentID: &d.ID}, "C"},
			{"pattern", db.UserFilters{Pattern: new("%eta")}, "B"},
			{"several", db.UserFilters{CompanyID: &c.ID, Role: new("viewer"), IsActive: new(true), Pattern: new("al%")}, "A"},
		})
	},
}

var users = listOf[db.User, db.UserFilters]{
	List:  db.UserList,
	place: func(u db.User) place { return place{u.CreatedAt, u.NameKey, u.ID} },
	in:    func(tenant uuid.UUID, f db.UserFilters) db.UserFilters { f.TenantID = tenant; return f },
}
