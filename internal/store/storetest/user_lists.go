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
		userOrders.holdEveryRow(t, one, rows)
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
		userOrders.filter(t, one, func(u db.User) string { return u.FullName }, countUsers, []filterCase[db.CountUsersParams]{
			{"nothing", db.CountUsersParams{}, "A B C D"},
			{"e-mail address", db.CountUsersParams{Email: new(emails["B"])}, "B"},
			{"role", db.CountUsersParams{Role: new("admin")}, "D"},
			{"not active", db.CountUsersParams{IsActive: new(false)}, "C"},
			{"company", db.CountUsersParams{CompanyID: &c.ID}, "A D"},
			{"branch", db.CountUsersParams{BranchID: &b.ID}, "B"},
			{"department", db.CountUsersParams{DepartmentID: &d.ID}, "C"},
			{"pattern", db.CountUsersParams{Pattern: new("%eta")}, "B"},
			{"several", db.CountUsersParams{CompanyID: &c.ID, Role: new("viewer"), IsActive: new(true), Pattern: new("al%")}, "A"},
		})
	},
}

func countUsers(t *T, tenant uuid.UUID, f db.CountUsersParams) int64 {
	t.Helper()
	f.TenantID = tenant
	return query(t, t.store.CountUsers, f)
}

var userOrders = listOrders[db.User, db.CountUsersParams]{
	place: func(u db.User) place { return place{u.CreatedAt, u.NameKey, u.ID} },
	byCreatedAt: func(t *T, tenant uuid.UUID, f db.CountUsersParams, after place, limit int32) []db.User {
		return query(t, t.store.ListUsersByCreatedAt, db.ListUsersByCreatedAtParams{
			TenantID: tenant, AfterCreatedAt: after.at, AfterID: after.id, Limit: limit,
			Email: f.Email, Role: f.Role, IsActive: f.IsActive,
			CompanyID: f.CompanyID, BranchID: f.BranchID, DepartmentID: f.DepartmentID, Pattern: f.Pattern,
		})
	},
	byCreatedAtDesc: func(t *T, tenant uuid.UUID, f db.CountUsersParams, after place, limit int32) []db.User {
		return query(t, t.store.ListUsersByCreatedAtDesc, db.ListUsersByCreatedAtDescParams{
			TenantID: tenant, AfterCreatedAt: after.at, AfterID: after.id, Limit: limit,
			Email: f.Email, Role: f.Role, IsActive: f.IsActive,
			CompanyID: f.CompanyID, BranchID: f.BranchID, DepartmentID: f.DepartmentID, Pattern: f.Pattern,
		})
	},
	byName: func(t *T, tenant uuid.UUID, f db.CountUsersParams, after place, limit int32) []db.User {
		return query(t, t.store.ListUsersByName, db.ListUsersByNameParams{
			TenantID: tenant, AfterNameKey: after.name, AfterID: after.id, Limit: limit,
			Email: f.Email, Role: f.Role, IsActive: f.IsActive,
			CompanyID: f.CompanyID, BranchID: f.BranchID, DepartmentID: f.DepartmentID, Pattern: f.Pattern,
		})
	},
	byNameDesc: func(t *T, tenant uuid.UUID, f db.CountUsersParams, after place, limit int32) []db.User {
		return query(t, t.store.ListUsersByNameDesc, db.ListUsersByNameDescParams{
			TenantID: tenant, AfterNameKey: after.name, AfterID: after.id, Limit: limit,
			Email: f.Email, Role: f.Role, IsActive: f.IsActive,
			CompanyID: f.CompanyID, BranchID: f.BranchID, DepartmentID: f.DepartmentID, Pattern: f.Pattern,
		})
	},
}
