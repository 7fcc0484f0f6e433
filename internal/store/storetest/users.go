package storetest

import (
	"strings"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

var userTests = map[string]func(*T){
	"user/null comes back as null": func(t *T) {
		want := user(t, newUser(tenant(t)))
		equal(t, "user", userNow(t, want), want)
	},
	"user/every field comes back": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		b, d := branch(t, newBranch(c, "B")), department(t, newDepartment(c, "D"))
		want := newUser(c.TenantID)
		want.PasswordHash, want.Phone, want.Role, want.IsActive, want.IsSuperuser = new("$2b$12$x"), new("+1"), "admin", false, true
		want.CompanyID, want.BranchID, want.DepartmentID, want.LastLoginAt = &c.ID, &b.ID, &d.ID, new(noon().Add(time.Hour))
		want.Version = 3
		user(t, want)
		equal(t, "user", userNow(t, want), want)
	},
	"user/missing": func(t *T) {
		fails(t, t.store.GetUser, db.GetUserParams{TenantID: tenant(t), ID: newID()}, store.ErrNotFound)
	},
	"user/another tenant's is missing": func(t *T) {
		u := user(t, newUser(tenant(t)))
		fails(t, t.store.GetUser, db.GetUserParams{TenantID: tenant(t), ID: u.ID}, store.ErrNotFound)
	},
	"user/found by e-mail address in any tenant": func(t *T) {
		tenant(t)
		want := user(t, newUser(tenant(t)))
		equal(t, "user", query(t, t.store.GetUserByEmailUnscoped, db.GetUserByEmailUnscopedParams{Email: want.Email}), want)
		fails(t, t.store.GetUserByEmailUnscoped, db.GetUserByEmailUnscopedParams{Email: "nobody@example.com"}, store.ErrNotFound)
		upper := db.GetUserByEmailUnscopedParams{Email: strings.ToUpper(want.Email)}
		fails(t, t.store.GetUserByEmailUnscoped, upper, store.ErrNotFound)
	},
	"user/e-mail address is unique in the whole installation": func(t *T) {
		first, second := user(t, newUser(tenant(t))), newUser(tenant(t))
		second.Email = first.Email
		refuse(t, t.store.InsertUser, db.InsertUserParams(second), store.Unique, "users_email_key")
	},
	"user/role is one of three": func(t *T) {
		u := newUser(tenant(t))
		u.Role = "root"
		refuse(t, t.store.InsertUser, db.InsertUserParams(u), store.Check, "users_role_check")
	},
	"user/needs a tenant": func(t *T) {
		refuse(t, t.store.InsertUser, db.InsertUserParams(newUser(newID())), store.ForeignKey, "users_tenant_id_fkey")
	},
	"user/can't be in another tenant's company": func(t *T) {
		foreign := company(t, newCompany(tenant(t), "C"))
		u := newUser(tenant(t))
		u.CompanyID = &foreign.ID
		refuse(t, t.store.InsertUser, db.InsertUserParams(u), store.ForeignKey, "users_tenant_id_company_id_fkey")
	},
	"user/can't be in another tenant's branch or department": func(t *T) {
		foreign := company(t, newCompany(tenant(t), "C"))
		b, d := branch(t, newBranch(foreign, "B")), department(t, newDepartment(foreign, "D"))
		u := newUser(tenant(t))
		u.BranchID = &b.ID
		refuse(t, t.store.InsertUser, db.InsertUserParams(u), store.ForeignKey, "users_tenant_id_branch_id_fkey")
		u.BranchID, u.DepartmentID = nil, &d.ID
		refuse(t, t.store.InsertUser, db.InsertUserParams(u), store.ForeignKey, "users_tenant_id_department_id_fkey")
	},
	"user/count of all": func(t *T) {
		// Other tests add users all the time, so this one needs a database of its own.
		alone := &T{T: t.T, store: New(t, t.store.Engine()), calls: t.calls}
		count := func() int64 {
			t.calls.add(alone.store.CountUsersUnscoped)
			n, err := alone.store.CountUsersUnscoped(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		equal(t, "users of a new installation", count(), 0)
		user(alone, newUser(tenant(alone)))
		user(alone, newUser(tenant(alone)))
		equal(t, "users", count(), 2)
	},
	"user/of a company are listed once, also those of its branches and departments": func(t *T) {
		one := tenant(t)
		mine, other := company(t, newCompany(one, "MINE")), company(t, newCompany(one, "OTHER"))
		b, d := branch(t, newBranch(mine, "B")), department(t, newDepartment(mine, "D"))
		otherBranch, otherDepartment := branch(t, newBranch(other, "B")), department(t, newDepartment(other, "D"))
		want := []db.ListUsersOfCompanyRow{}
		for _, assign := range []func(*db.User){
			func(u *db.User) { u.CompanyID, u.BranchID, u.DepartmentID = &mine.ID, &b.ID, &d.ID },
			func(u *db.User) { u.CompanyID = &mine.ID },
			func(u *db.User) { u.BranchID = &b.ID },
			func(u *db.User) { u.DepartmentID = &d.ID },
			func(u *db.User) { u.CompanyID, u.DepartmentID = &other.ID, &d.ID },
		} {
			u := newUser(one)
			assign(&u)
			user(t, u)
			want = append(want, db.ListUsersOfCompanyRow{
				ID: u.ID, Email: u.Email, CompanyID: u.CompanyID, BranchID: u.BranchID, DepartmentID: u.DepartmentID, Version: u.Version,
			})
		}
		user(t, newUser(one))
		outside := newUser(one)
		outside.CompanyID, outside.BranchID, outside.DepartmentID = &other.ID, &otherBranch.ID, &otherDepartment.ID
		user(t, outside)

		list := db.ListUsersOfCompanyParams{TenantID: one, CompanyID: mine.ID}
		equal(t, "list", query(t, t.store.ListUsersOfCompany, list), want)
		list.TenantID = tenant(t)
		equal(t, "list of another tenant", query(t, t.store.ListUsersOfCompany, list), []db.ListUsersOfCompanyRow{})
	},
	"user/assignment needs the version, the tenant and the id": func(t *T) {
		u := user(t, newUser(tenant(t)))
		c := company(t, newCompany(u.TenantID, "C"))
		b, d := branch(t, newBranch(c, "B")), department(t, newDepartment(c, "D"))
		arg := db.SetUserAssignmentParams{
			CompanyID: &c.ID, BranchID: &b.ID, DepartmentID: &d.ID, UpdatedAt: noon().Add(time.Hour), TenantID: u.TenantID, ID: u.ID, Version: u.Version,
		}
		for _, change := range []func(*db.SetUserAssignmentParams){
			func(p *db.SetUserAssignmentParams) { p.Version++ },
			func(p *db.SetUserAssignmentParams) { p.TenantID = tenant(t) },
			func(p *db.SetUserAssignmentParams) { p.ID = newID() },
		} {
			wrong := arg
			change(&wrong)
			equal(t, "rows", query(t, t.store.SetUserAssignment, wrong), 0)
		}
		equal(t, "user", userNow(t, u), u)
		equal(t, "rows", query(t, t.store.SetUserAssignment, arg), 1)
		u.CompanyID, u.BranchID, u.DepartmentID, u.UpdatedAt, u.Version = &c.ID, &b.ID, &d.ID, arg.UpdatedAt, u.Version+1
		equal(t, "user", userNow(t, u), u)
		arg.CompanyID, arg.BranchID, arg.DepartmentID, arg.Version = nil, nil, nil, u.Version
		equal(t, "rows", query(t, t.store.SetUserAssignment, arg), 1)
		u.CompanyID, u.BranchID, u.DepartmentID, u.Version = nil, nil, nil, u.Version+1
		equal(t, "user", userNow(t, u), u)
	},
	"user/profile changes once per version": func(t *T) {
		u := user(t, newUser(tenant(t)))
		arg := db.UpdateUserProfileParams{
			FullName: "Anna", Phone: new("+1"), UpdatedAt: noon().Add(time.Minute), TenantID: tenant(t), ID: u.ID, Version: u.Version,
		}
		equal(t, "rows of another tenant", query(t, t.store.UpdateUserProfile, arg), 0)
		equal(t, "user", userNow(t, u), u)
		arg.TenantID = u.TenantID
		equal(t, "rows", query(t, t.store.UpdateUserProfile, arg), 1)
		u.FullName, u.Phone, u.UpdatedAt, u.Version = arg.FullName, arg.Phone, arg.UpdatedAt, u.Version+1
		equal(t, "user", userNow(t, u), u)
		equal(t, "rows with a stale version", query(t, t.store.UpdateUserProfile, arg), 0)
		arg.Phone, arg.Version = nil, u.Version
		equal(t, "rows", query(t, t.store.UpdateUserProfile, arg), 1)
		u.Phone, u.Version = nil, u.Version+1
		equal(t, "user", userNow(t, u), u)
	},
	"user/log-in counts for the password that was checked": func(t *T) {
		u := newUser(tenant(t))
		u.PasswordHash = new("$2b$12$x")
		user(t, u)
		arg := db.RecordUserLoginParams{
			LastLoginAt: new(noon().Add(time.Minute)), PasswordHash: new("$2b$13$y"), TenantID: tenant(t), ID: u.ID, CheckedHash: u.PasswordHash,
		}
		equal(t, "rows of another tenant", query(t, t.store.RecordUserLogin, arg), 0)
		arg.TenantID, arg.CheckedHash = u.TenantID, new("$2b$12$z")
		equal(t, "rows with another password", query(t, t.store.RecordUserLogin, arg), 0)
		arg.CheckedHash = nil
		equal(t, "rows without a password", query(t, t.store.RecordUserLogin, arg), 0)
		equal(t, "user", userNow(t, u), u)
		arg.CheckedHash = u.PasswordHash
		equal(t, "rows", query(t, t.store.RecordUserLogin, arg), 1)
		u.LastLoginAt, u.PasswordHash = arg.LastLoginAt, arg.PasswordHash
		equal(t, "user", userNow(t, u), u)
	},
	"user/password changes once": func(t *T) {
		u := newUser(tenant(t))
		u.PasswordHash = new("$2b$12$x")
		user(t, u)
		arg := db.ReplaceUserPasswordHashParams{
			PasswordHash: new("$2b$12$y"), UpdatedAt: noon().Add(time.Minute), TenantID: tenant(t), ID: u.ID, CheckedHash: u.PasswordHash,
		}
		equal(t, "rows of another tenant", query(t, t.store.ReplaceUserPasswordHash, arg), 0)
		equal(t, "user", userNow(t, u), u)
		arg.TenantID = u.TenantID
		equal(t, "rows", query(t, t.store.ReplaceUserPasswordHash, arg), 1)
		u.PasswordHash, u.UpdatedAt, u.Version = arg.PasswordHash, arg.UpdatedAt, u.Version+1
		equal(t, "user", userNow(t, u), u)
		equal(t, "rows the second time", query(t, t.store.ReplaceUserPasswordHash, arg), 0)
		equal(t, "user", userNow(t, u), u)
	},
}
