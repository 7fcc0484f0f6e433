package storetest

import (
	"slices"
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
		want := memberOf(account(t, newAccount()), c.TenantID)
		want.Phone, want.Role, want.IsActive, want.IsSuperuser = new("+1"), "admin", false, true
		want.NameKey, want.SearchText = "änna", "änna +1"
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
	"user/found by one of several e-mail addresses": func(t *T) {
		one := tenant(t)
		first, second := user(t, newUser(one)), user(t, newUser(one))
		arg := db.ListUsersByEmailParams{TenantID: one, Email1: "nobody@example.com", Email2: second.Email, Email3: strings.ToUpper(first.Email), Email4: first.Email}
		got := query(t, t.store.ListUsersByEmail, arg)
		slices.SortFunc(got, func(a, b db.User) int { return strings.Compare(b.ID.String(), a.ID.String()) })
		want := []db.User{first, second}
		slices.SortFunc(want, func(a, b db.User) int { return strings.Compare(b.ID.String(), a.ID.String()) })
		equal(t, "users", got, want)
		arg.TenantID = tenant(t)
		equal(t, "users of another tenant", query(t, t.store.ListUsersByEmail, arg), []db.User{})
	},
	"user/e-mail address is unique in the tenant": func(t *T) {
		first, second := user(t, newUser(tenant(t))), newUser(tenant(t))
		second.Email = first.Email
		user(t, second)
		second.ID, second.TenantID = newID(), first.TenantID
		refuse(t, t.store.InsertUser, db.InsertUserParams(second), store.Unique, "users_tenant_id_email_key")
	},
	"user/has the address of the account": func(t *T) {
		other := memberOf(account(t, newAccount()), tenant(t))
		other.Email = "other-" + other.Email
		refuse(t, t.store.InsertUser, db.InsertUserParams(other), store.ForeignKey, "users_account_id_email_fkey")
	},
	"user/accepted once per version": func(t *T) {
		a := account(t, newAccount())
		u := newUser(tenant(t))
		u.Email = a.Email
		user(t, u)
		arg := db.AcceptUserParams{AccountID: &a.ID, UpdatedAt: noon().Add(time.Minute), TenantID: tenant(t), ID: u.ID, Version: u.Version}
		equal(t, "rows of another tenant", query(t, t.store.AcceptUser, arg), 0)
		arg.TenantID = u.TenantID
		equal(t, "rows", query(t, t.store.AcceptUser, arg), 1)
		u.AccountID, u.IsInvited, u.UpdatedAt, u.Version = &a.ID, false, arg.UpdatedAt, u.Version+1
		equal(t, "user", userNow(t, u), u)
		equal(t, "rows with a stale version", query(t, t.store.AcceptUser, arg), 0)
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
	"user/users of a company, of its branches and of its departments": func(t *T) {
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
				ID: u.ID, Email: u.Email, CompanyID: u.CompanyID, BranchID: u.BranchID, DepartmentID: u.DepartmentID,
			})
		}
		user(t, newUser(one))
		outside := newUser(one)
		outside.CompanyID, outside.BranchID, outside.DepartmentID = &other.ID, &otherBranch.ID, &otherDepartment.ID
		user(t, outside)

		list := db.ListUsersOfCompanyParams{TenantID: one, CompanyID: &mine.ID, Limit: 9}
		equal(t, "list", query(t, t.store.ListUsersOfCompany, list), want[:2])
		list.Limit = 1
		equal(t, "first of the list", query(t, t.store.ListUsersOfCompany, list), want[:1])
		list.TenantID = tenant(t)
		equal(t, "list of another tenant", query(t, t.store.ListUsersOfCompany, list), []db.ListUsersOfCompanyRow{})

		ofBranches := db.ListUsersOfBranchesParams{TenantID: one, CompanyID: mine.ID, Limit: 9}
		inBranches := []db.ListUsersOfBranchesRow{db.ListUsersOfBranchesRow(want[0]), db.ListUsersOfBranchesRow(want[2])}
		equal(t, "users of branches", query(t, t.store.ListUsersOfBranches, ofBranches), inBranches)
		ofBranches.BranchID = &b.ID
		equal(t, "users of a branch", query(t, t.store.ListUsersOfBranches, ofBranches), inBranches)
		ofBranches.BranchID = &otherBranch.ID
		equal(t, "users of another company's branch", query(t, t.store.ListUsersOfBranches, ofBranches), []db.ListUsersOfBranchesRow{})
		ofBranches.TenantID, ofBranches.BranchID = list.TenantID, nil
		equal(t, "users of another tenant's branches", query(t, t.store.ListUsersOfBranches, ofBranches), []db.ListUsersOfBranchesRow{})

		ofDepartments := db.ListUsersOfDepartmentsParams{TenantID: one, CompanyID: mine.ID, FirstID: d.ID, LastID: d.ID, Limit: 9}
		equal(t, "users of departments", query(t, t.store.ListUsersOfDepartments, ofDepartments), []db.ListUsersOfDepartmentsRow{
			db.ListUsersOfDepartmentsRow(want[0]), db.ListUsersOfDepartmentsRow(want[3]), db.ListUsersOfDepartmentsRow(want[4]),
		})
		ofDepartments.TenantID = list.TenantID
		equal(t, "users of another tenant's departments", query(t, t.store.ListUsersOfDepartments, ofDepartments), []db.ListUsersOfDepartmentsRow{})

		elsewhere := db.ListUsersOfOtherBranchParams{TenantID: one, DepartmentID: &d.ID, BranchID: &b.ID, Limit: 9}
		equal(t, "users of another branch", query(t, t.store.ListUsersOfOtherBranch, elsewhere), []db.ListUsersOfOtherBranchRow{})
		elsewhere.BranchID = &otherBranch.ID
		equal(t, "users of another branch", query(t, t.store.ListUsersOfOtherBranch, elsewhere), []db.ListUsersOfOtherBranchRow{
			db.ListUsersOfOtherBranchRow(want[0]),
		})

		user(t, func() db.User { u := newUser(one); u.CompanyID = &mine.ID; return u }())
		assignments := map[int64]int{}
		for _, a := range query(t, t.store.ListAssignmentsToCompany, db.ListAssignmentsToCompanyParams{TenantID: one, CompanyID: mine.ID}) {
			assignments[a.Users]++
			equal(t, "whether two have an assignment", a.Users == 2, a.CompanyID != nil && *a.CompanyID == mine.ID && a.BranchID == nil && a.DepartmentID == nil)
		}
		equal(t, "assignments by how many have them", assignments, map[int64]int{1: 4, 2: 1})
	},
	"user/assignment needs the tenant and the id": func(t *T) {
		u := user(t, newUser(tenant(t)))
		c := company(t, newCompany(u.TenantID, "C"))
		b, d := branch(t, newBranch(c, "B")), department(t, newDepartment(c, "D"))
		arg := db.SetUserAssignmentParams{
			CompanyID: &c.ID, BranchID: &b.ID, DepartmentID: &d.ID, UpdatedAt: noon().Add(time.Hour), TenantID: u.TenantID, ID: u.ID,
		}
		for _, change := range []func(*db.SetUserAssignmentParams){
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
		arg.CompanyID, arg.BranchID, arg.DepartmentID = nil, nil, nil
		equal(t, "rows", query(t, t.store.SetUserAssignment, arg), 1)
		u.CompanyID, u.BranchID, u.DepartmentID, u.Version = nil, nil, nil, u.Version+1
		equal(t, "user", userNow(t, u), u)
	},
	"user/update changes every field, and back to null, and counts the version up": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		b, d := branch(t, newBranch(c, "B")), department(t, newDepartment(c, "D"))
		want := newUser(c.TenantID)
		want.IsSuperuser, want.LastLoginAt = true, new(noon())
		user(t, want)
		empty := want
		want.Email, want.FullName, want.NameKey, want.Phone = "new-"+want.Email, "Anna", "anna", new("+1")
		want.Role, want.IsActive, want.SearchText = "admin", false, "anna +1"
		want.CompanyID, want.BranchID, want.DepartmentID, want.UpdatedAt = &c.ID, &b.ID, &d.ID, noon().Add(time.Hour)
		equal(t, "rows", query(t, t.store.UpdateUser, db.UpdateUserOf(want)), 1)
		want.Version++
		equal(t, "user", userNow(t, want), want)
		empty.Version = want.Version
		equal(t, "rows", query(t, t.store.UpdateUser, db.UpdateUserOf(empty)), 1)
		empty.Version++
		equal(t, "user", userNow(t, empty), empty)
	},
	"user/update of a stale version, or another tenant's, or none, changes nothing": func(t *T) {
		want := user(t, newUser(tenant(t)))
		for _, change := range []func(*db.UpdateUserParams){
			func(p *db.UpdateUserParams) { p.Version++ },
			func(p *db.UpdateUserParams) { p.TenantID = tenant(t) },
			func(p *db.UpdateUserParams) { p.ID = newID() },
		} {
			arg := db.UpdateUserOf(want)
			arg.FullName = "changed"
			change(&arg)
			equal(t, "rows", query(t, t.store.UpdateUser, arg), 0)
		}
		equal(t, "user", userNow(t, want), want)
	},
	"user/update can't take another one's e-mail address": func(t *T) {
		taken := user(t, newUser(tenant(t)))
		u := user(t, newUser(taken.TenantID))
		arg := db.UpdateUserOf(u)
		arg.Email = taken.Email
		_, err := t.store.UpdateUser(t.Context(), arg)
		isViolation(t, err, store.Unique, "users_tenant_id_email_key")
	},
	"user/delete needs the version, the tenant and the id, and deletes sessions and token, too": func(t *T) {
		u := user(t, newUser(tenant(t)))
		s, o := session(t, newSession(u)), oneTimeToken(t, newOneTimeToken(u))
		other := user(t, newUser(u.TenantID))
		kept := session(t, newSession(other))
		equal(t, "rows", query(t, t.store.DeleteUser, db.DeleteUserParams{TenantID: u.TenantID, ID: u.ID, Version: 2}), 0)
		equal(t, "rows", query(t, t.store.DeleteUser, db.DeleteUserParams{TenantID: tenant(t), ID: u.ID, Version: 1}), 0)
		equal(t, "rows", query(t, t.store.DeleteUser, db.DeleteUserParams{TenantID: u.TenantID, ID: newID(), Version: 1}), 0)
		equal(t, "user", userNow(t, u), u)
		equal(t, "rows", query(t, t.store.DeleteUser, db.DeleteUserParams{TenantID: u.TenantID, ID: u.ID, Version: 1}), 1)
		fails(t, t.store.GetUser, db.GetUserParams{TenantID: u.TenantID, ID: u.ID}, store.ErrNotFound)
		fails(t, t.store.GetSession, db.GetSessionParams{TenantID: u.TenantID, ID: s.ID}, store.ErrNotFound)
		fails(t, t.store.GetOneTimeTokenUnscoped, db.GetOneTimeTokenUnscopedParams{TokenHash: o.TokenHash}, store.ErrNotFound)
		equal(t, "session of another user", sessionNow(t, kept), kept)
	},
	"user/delete is refused while they head a department": func(t *T) {
		u := user(t, newUser(tenant(t)))
		d := newDepartment(company(t, newCompany(u.TenantID, "C")), "D")
		d.HeadUserID = &u.ID
		department(t, d)
		_, err := t.store.DeleteUser(t.Context(), db.DeleteUserParams{TenantID: u.TenantID, ID: u.ID, Version: 1})
		isViolation(t, err, store.ForeignKey, "departments_tenant_id_head_user_id_fkey")
	},
	"user/other active admins and superusers": func(t *T) {
		one := tenant(t)
		accept := func(u *db.User) {
			a := account(t, newAccount())
			u.AccountID, u.Email, u.IsInvited = &a.ID, a.Email, false
		}
		me := newUser(one)
		me.Role, me.IsSuperuser = "admin", true
		user(t, me)
		count := func() [2]int64 {
			return [2]int64{
				query(t, t.store.CountOtherActiveAdmins, db.CountOtherActiveAdminsParams{TenantID: one, ID: me.ID}),
				query(t, t.store.CountOtherActiveSuperusers, db.CountOtherActiveSuperusersParams{TenantID: one, ID: me.ID}),
			}
		}
		for _, change := range []func(*db.User){
			func(u *db.User) { u.Role = "user"; accept(u) },
			func(u *db.User) { u.Role, u.IsSuperuser = "admin", true }, // invited
			func(u *db.User) {
				u.Role, u.IsSuperuser, u.IsActive = "admin", true, false
				accept(u)
			},
			func(u *db.User) { u.Role, u.IsSuperuser, u.TenantID = "admin", true, tenant(t) },
		} {
			u := newUser(one)
			change(&u)
			user(t, u)
		}
		equal(t, "admins and superusers", count(), [2]int64{0, 0})
		for _, change := range []func(*db.User){
			func(u *db.User) { u.Role = "admin"; accept(u) },
			func(u *db.User) { u.Role = "admin"; accept(u) },
			func(u *db.User) { u.IsSuperuser = true; accept(u) },
		} {
			u := newUser(one)
			change(&u)
			user(t, u)
		}
		equal(t, "admins and superusers", count(), [2]int64{2, 1})
	},
	"user/a log-in is only recorded for an active user of the account": func(t *T) {
		a := account(t, newAccount())
		u := user(t, memberOf(a, tenant(t)))
		arg := db.RecordUserLoginParams{LastLoginAt: new(noon().Add(time.Minute)), TenantID: tenant(t), ID: u.ID, AccountID: &a.ID}
		equal(t, "rows of another tenant", query(t, t.store.RecordUserLogin, arg), 0)
		arg.TenantID, arg.AccountID = u.TenantID, new(newID())
		equal(t, "rows of another account", query(t, t.store.RecordUserLogin, arg), 0)
		equal(t, "user", userNow(t, u), u)
		arg.AccountID = &a.ID
		equal(t, "rows", query(t, t.store.RecordUserLogin, arg), 1)
		u.LastLoginAt = arg.LastLoginAt
		equal(t, "user", userNow(t, u), u)

		inactive := memberOf(account(t, newAccount()), u.TenantID)
		inactive.IsActive = false
		user(t, inactive)
		arg.ID, arg.AccountID = inactive.ID, inactive.AccountID
		equal(t, "rows of an inactive user", query(t, t.store.RecordUserLogin, arg), 0)
		equal(t, "user", userNow(t, inactive), inactive)
	},
}
