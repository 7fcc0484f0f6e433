package storetest

import (
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// Queries about companies, branches and departments that not every resource has.
var organisationTests = map[string]func(*T){
	"company/lock changes its own count and says whether the company is there": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		equal(t, "rows", query(t, t.store.LockCompany, db.LockCompanyParams{TenantID: c.TenantID, ID: c.ID}), 1)
		equal(t, "rows of another tenant", query(t, t.store.LockCompany, db.LockCompanyParams{TenantID: tenant(t), ID: c.ID}), 0)
		c.LockCount = 1
		equal(t, "company", companyNow(t, c), c)
	},
	"department/delete takes a range of a company's": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		other := company(t, newCompany(c.TenantID, "OTHER"))
		rows := []db.Department{department(t, newDepartment(c, "A"))}
		department(t, newDepartment(other, "A"))
		for _, code := range []string{"B", "C", "D"} {
			rows = append(rows, department(t, newDepartment(c, code)))
		}
		arg := db.DeleteDepartmentsOfCompanyParams{TenantID: tenant(t), CompanyID: c.ID, FirstID: rows[1].ID, LastID: rows[2].ID}
		equal(t, "rows of another tenant", query(t, t.store.DeleteDepartmentsOfCompany, arg), 0)
		arg.TenantID = c.TenantID
		list := db.ListDepartmentsOfCompanyParams(arg)
		equal(t, "list", query(t, t.store.ListDepartmentsOfCompany, list), rows[1:3])
		equal(t, "rows", query(t, t.store.DeleteDepartmentsOfCompany, arg), 2)
		list.FirstID, list.LastID = rows[0].ID, rows[3].ID
		equal(t, "left", query(t, t.store.ListDepartmentsOfCompany, list), []db.Department{rows[0], rows[3]})
		equal(t, "left of another company", query(t, t.store.CountDepartments, db.CountDepartmentsParams{TenantID: c.TenantID, CompanyID: &other.ID}), 1)
	},
	"department/delete is refused while departments or users belong to it": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		one, two := department(t, newDepartment(c, "ONE")), department(t, newDepartment(c, "TWO"))
		d := newDepartment(c, "D")
		d.ParentID = &one.ID
		department(t, d)
		remove := func(d db.Department) error {
			_, err := t.store.DeleteDepartmentsOfCompany(t.Context(), db.DeleteDepartmentsOfCompanyParams{
				TenantID: d.TenantID, CompanyID: d.CompanyID, FirstID: d.ID, LastID: d.ID,
			})
			return err
		}
		isViolation(t, remove(one), store.ForeignKey, "departments_tenant_id_company_id_parent_id_fkey")
		u := newUser(c.TenantID)
		u.DepartmentID = &two.ID
		user(t, u)
		isViolation(t, remove(two), store.ForeignKey, "users_tenant_id_department_id_fkey")
	},
	"department/parents of all departments of a company": func(t *T) {
		one := tenant(t)
		c, other := company(t, newCompany(one, "C")), company(t, newCompany(one, "OTHER"))
		b, above := branch(t, newBranch(c, "B")), department(t, newDepartment(c, "A"))
		below := newDepartment(c, "B")
		below.ParentID, below.BranchID = &above.ID, &b.ID
		department(t, below)
		department(t, newDepartment(other, "A"))
		list := db.ListDepartmentPlacesParams{TenantID: one, CompanyID: c.ID}
		want := []db.ListDepartmentPlacesRow{{ID: above.ID}, {ID: below.ID, ParentID: &above.ID, BranchID: &b.ID}}
		equal(t, "list", query(t, t.store.ListDepartmentPlaces, list), want)
		list.TenantID = tenant(t)
		equal(t, "list of another tenant", query(t, t.store.ListDepartmentPlaces, list), []db.ListDepartmentPlacesRow{})
	},
	"department/departments that a user heads": func(t *T) {
		head := user(t, newUser(tenant(t)))
		c, other := company(t, newCompany(head.TenantID, "C")), company(t, newCompany(head.TenantID, "OTHER"))
		var want []db.Department
		for _, in := range []db.Company{c, other} {
			d := newDepartment(in, "HEADED")
			d.HeadUserID = &head.ID
			want = append(want, department(t, d))
			department(t, newDepartment(in, "D"))
		}
		list := db.ListDepartmentsOfHeadUserParams{TenantID: head.TenantID, HeadUserID: &head.ID, Limit: 3}
		equal(t, "list", query(t, t.store.ListDepartmentsOfHeadUser, list), want)
		list.TenantID = tenant(t)
		equal(t, "list of another tenant", query(t, t.store.ListDepartmentsOfHeadUser, list), []db.Department{})
	},
}
