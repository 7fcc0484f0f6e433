package storetest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// updateDepartment changes every column of a department to those of d, if it has d's version.
func updateDepartment(d db.Department) db.UpdateDepartmentParams {
	return db.UpdateDepartmentParams{
		BranchID: d.BranchID, ParentID: d.ParentID, HeadUserID: d.HeadUserID,
		Code: d.Code, Name: d.Name, NameKey: d.NameKey, Description: d.Description, IsActive: d.IsActive,
		SearchText: d.SearchText, UpdatedAt: d.UpdatedAt, TenantID: d.TenantID, ID: d.ID, Version: d.Version,
	}
}

var departmentTests = map[string]func(*T){
	"department/null comes back as null": func(t *T) {
		want := department(t, newDepartment(company(t, newCompany(tenant(t), "C")), "D"))
		equal(t, "department", departmentNow(t, want), want)
	},
	"department/missing, or another tenant's": func(t *T) {
		d := department(t, newDepartment(company(t, newCompany(tenant(t), "C")), "D"))
		fails(t, t.store.GetDepartment, db.GetDepartmentParams{TenantID: d.TenantID, ID: newID()}, store.ErrNotFound)
		fails(t, t.store.GetDepartment, db.GetDepartmentParams{TenantID: tenant(t), ID: d.ID}, store.ErrNotFound)
	},
	"department/code is unique in a company": func(t *T) {
		one := tenant(t)
		mine, other := company(t, newCompany(one, "MINE")), company(t, newCompany(one, "OTHER"))
		department(t, newDepartment(mine, "D"))
		department(t, newDepartment(other, "D"))
		refuse(t, t.store.InsertDepartment, db.InsertDepartmentParams(newDepartment(mine, "D")), store.Unique, "departments_tenant_id_company_id_code_key")
		d := department(t, newDepartment(mine, "FREE"))
		d.Code = "D"
		_, err := t.store.UpdateDepartment(t.Context(), updateDepartment(d))
		isViolation(t, err, store.Unique, "departments_tenant_id_company_id_code_key")
	},
	"department/can't refer to another company's or tenant's rows": func(t *T) {
		one := tenant(t)
		mine, other, foreign := company(t, newCompany(one, "MINE")), company(t, newCompany(one, "OTHER")), company(t, newCompany(tenant(t), "C"))
		otherBranch, otherDepartment, foreignUser := branch(t, newBranch(other, "B")), department(t, newDepartment(other, "D")), user(t, newUser(foreign.TenantID))
		existing := department(t, newDepartment(mine, "OLD"))
		for constraint, change := range map[string]func(*db.Department){
			"departments_tenant_id_company_id_fkey":           func(d *db.Department) { d.CompanyID = foreign.ID },
			"departments_tenant_id_company_id_branch_id_fkey": func(d *db.Department) { d.BranchID = &otherBranch.ID },
			"departments_tenant_id_company_id_parent_id_fkey": func(d *db.Department) { d.ParentID = &otherDepartment.ID },
			"departments_tenant_id_head_user_id_fkey":         func(d *db.Department) { d.HeadUserID = &foreignUser.ID },
		} {
			d := newDepartment(mine, "NEW")
			change(&d)
			refuse(t, t.store.InsertDepartment, db.InsertDepartmentParams(d), store.ForeignKey, constraint)
			if d.CompanyID == mine.ID {
				d.ID = existing.ID
				_, err := t.store.UpdateDepartment(t.Context(), updateDepartment(d))
				isViolation(t, err, store.ForeignKey, constraint)
			}
		}
		equal(t, "department", departmentNow(t, existing), existing)
	},
	"department/update changes every field, and back to null, and counts the version up": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		b, parent, head := branch(t, newBranch(c, "B")), department(t, newDepartment(c, "P")), user(t, newUser(c.TenantID))
		want := department(t, newDepartment(c, "D"))
		empty := want
		want.BranchID, want.ParentID, want.HeadUserID = &b.ID, &parent.ID, &head.ID
		want.Code, want.Name, want.NameKey, want.Description, want.SearchText = "FULL", "Full", "full", new("d"), "full full"
		want.IsActive, want.UpdatedAt = false, noon().Add(time.Hour)
		equal(t, "rows", query(t, t.store.UpdateDepartment, updateDepartment(want)), 1)
		want.Version++
		equal(t, "department", departmentNow(t, want), want)
		empty.Version = want.Version
		equal(t, "rows", query(t, t.store.UpdateDepartment, updateDepartment(empty)), 1)
		empty.Version++
		equal(t, "department", departmentNow(t, empty), empty)
	},
	"department/update of a stale version, or another tenant's, or none, changes nothing": func(t *T) {
		want := department(t, newDepartment(company(t, newCompany(tenant(t), "C")), "D"))
		for _, change := range []func(*db.UpdateDepartmentParams){
			func(p *db.UpdateDepartmentParams) { p.Version++ },
			func(p *db.UpdateDepartmentParams) { p.TenantID = tenant(t) },
			func(p *db.UpdateDepartmentParams) { p.ID = newID() },
		} {
			arg := updateDepartment(want)
			arg.Name = "changed"
			change(&arg)
			equal(t, "rows", query(t, t.store.UpdateDepartment, arg), 0)
		}
		equal(t, "department", departmentNow(t, want), want)
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
	"department/pages of any size hold every row once and in order": func(t *T) {
		c, other := company(t, newCompany(tenant(t), "C")), company(t, newCompany(tenant(t), "C"))
		department(t, newDepartment(other, "D"))
		var rows []db.Department
		for i, gap := range gaps {
			d := newDepartment(c, fmt.Sprintf("D%d", i))
			d.CreatedAt, d.NameKey = noon().Add(gap.after), gap.name
			rows = append(rows, department(t, d))
		}
		departments.holdEveryRow(t, c.TenantID, rows)
	},
	"department/filters": func(t *T) {
		one := tenant(t)
		c, other := company(t, newCompany(one, "C")), company(t, newCompany(one, "OTHER"))
		b, parent := branch(t, newBranch(c, "B")), department(t, newDepartment(c, "P"))
		for code, change := range map[string]func(*db.Department){
			"A": func(d *db.Department) { d.BranchID, d.SearchText = &b.ID, "alpha" },
			"B": func(d *db.Department) { d.ParentID, d.SearchText = &parent.ID, "beta" },
			"C": func(d *db.Department) { d.IsActive = false },
			"D": func(d *db.Department) { d.CompanyID = other.ID },
		} {
			d := newDepartment(c, code)
			change(&d)
			department(t, d)
		}
		department(t, newDepartment(company(t, newCompany(tenant(t), "C")), "A"))
		departments.filter(t, one, func(d db.Department) string { return d.Code }, []filterCase[db.DepartmentFilters]{
			{"nothing", db.DepartmentFilters{}, "A B C D P"},
			{"code", db.DepartmentFilters{Code: new("B")}, "B"},
			{"company", db.DepartmentFilters{CompanyID: &c.ID}, "A B C P"},
			{"branch", db.DepartmentFilters{BranchID: &b.ID}, "A"},
			{"parent", db.DepartmentFilters{ParentID: &parent.ID}, "B"},
			{"not active", db.DepartmentFilters{IsActive: new(false)}, "C"},
			{"pattern", db.DepartmentFilters{Pattern: new("%eta")}, "B"},
			{"several", db.DepartmentFilters{CompanyID: &c.ID, IsActive: new(true), Pattern: new("department")}, "P"},
		})
	},
	"department/places of all of a company": func(t *T) {
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
	"department/all that a user heads": func(t *T) {
		head := user(t, newUser(tenant(t)))
		c, other := company(t, newCompany(head.TenantID, "C")), company(t, newCompany(head.TenantID, "OTHER"))
		var want []db.Department
		for _, in := range []db.Company{c, other} {
			d := newDepartment(in, "HEADED")
			d.HeadUserID = &head.ID
			want = append(want, department(t, d))
			department(t, newDepartment(in, "D"))
		}
		list := db.ListDepartmentsOfHeadParams{TenantID: head.TenantID, HeadUserID: &head.ID, Limit: 3}
		equal(t, "list", query(t, t.store.ListDepartmentsOfHead, list), want)
		list.TenantID = tenant(t)
		equal(t, "list of another tenant", query(t, t.store.ListDepartmentsOfHead, list), []db.Department{})
	},
}

var departments = listOf[db.Department, db.DepartmentFilters]{
	List:  db.DepartmentList,
	place: func(d db.Department) place { return place{d.CreatedAt, d.NameKey, d.ID} },
	in:    func(tenant uuid.UUID, f db.DepartmentFilters) db.DepartmentFilters { f.TenantID = tenant; return f },
}
