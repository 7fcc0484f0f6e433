package storetest

import (
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// updateCompany changes every column of a company to those of c, if it has c's version.
func updateCompany(c db.Company) db.UpdateCompanyParams {
	return db.UpdateCompanyParams{
		Code: c.Code, Name: c.Name, NameKey: c.NameKey, Description: c.Description, Email: c.Email, Phone: c.Phone, Website: c.Website,
		AddressLine1: c.AddressLine1, AddressLine2: c.AddressLine2, City: c.City, State: c.State, PostalCode: c.PostalCode, Country: c.Country,
		TaxID: c.TaxID, RegistrationNumber: c.RegistrationNumber, IsActive: c.IsActive,
		SearchText: c.SearchText, UpdatedAt: c.UpdatedAt, TenantID: c.TenantID, ID: c.ID, Version: c.Version,
	}
}

// fillCompany gives every column that can change another value, no two the same.
func fillCompany(c *db.Company) {
	c.Code, c.Name, c.NameKey, c.SearchText = "FULL", "Full", "full", "full full"
	c.Description, c.Email, c.Phone, c.Website = new("d"), new("e@example.com"), new("+1"), new("https://example.com")
	c.AddressLine1, c.AddressLine2, c.City, c.State = new("line 1"), new("line 2"), new("city"), new("state")
	c.PostalCode, c.Country, c.TaxID, c.RegistrationNumber = new("10115"), new("DE"), new("tax"), new("hrb")
	c.IsActive, c.UpdatedAt = false, noon().Add(time.Hour)
}

var companyTests = map[string]func(*T){
	"company/null comes back as null": func(t *T) {
		want := company(t, newCompany(tenant(t), "C"))
		equal(t, "company", companyNow(t, want), want)
	},
	"company/every field comes back": func(t *T) {
		want := newCompany(tenant(t), "C")
		fillCompany(&want)
		company(t, want)
		equal(t, "company", companyNow(t, want), want)
	},
	"company/missing": func(t *T) {
		fails(t, t.store.GetCompany, db.GetCompanyParams{TenantID: tenant(t), ID: newID()}, store.ErrNotFound)
	},
	"company/another tenant's is missing": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		fails(t, t.store.GetCompany, db.GetCompanyParams{TenantID: tenant(t), ID: c.ID}, store.ErrNotFound)
	},
	"company/code is unique in a tenant": func(t *T) {
		one := tenant(t)
		company(t, newCompany(one, "C"))
		refuse(t, t.store.InsertCompany, db.InsertCompanyParams(newCompany(one, "C")), store.Unique, "companies_tenant_id_code_key")
		company(t, newCompany(tenant(t), "C"))
	},
	"company/needs a tenant": func(t *T) {
		refuse(t, t.store.InsertCompany, db.InsertCompanyParams(newCompany(newID(), "C")), store.ForeignKey, "companies_tenant_id_fkey")
	},
	"company/update changes every field and counts the version up": func(t *T) {
		want := company(t, newCompany(tenant(t), "C"))
		fillCompany(&want)
		equal(t, "rows", query(t, t.store.UpdateCompany, updateCompany(want)), 1)
		want.Version++
		equal(t, "company", companyNow(t, want), want)
	},
	"company/update can set to null": func(t *T) {
		full := newCompany(tenant(t), "C")
		fillCompany(&full)
		company(t, full)
		want := newCompany(full.TenantID, "C")
		want.ID = full.ID
		equal(t, "rows", query(t, t.store.UpdateCompany, updateCompany(want)), 1)
		want.Version++
		equal(t, "company", companyNow(t, want), want)
	},
	"company/update of a stale version, or another tenant's, or none, changes nothing": func(t *T) {
		want := company(t, newCompany(tenant(t), "C"))
		for _, change := range []func(*db.UpdateCompanyParams){
			func(p *db.UpdateCompanyParams) { p.Version++ },
			func(p *db.UpdateCompanyParams) { p.TenantID = tenant(t) },
			func(p *db.UpdateCompanyParams) { p.ID = newID() },
		} {
			arg := updateCompany(want)
			arg.Name = "changed"
			change(&arg)
			equal(t, "rows", query(t, t.store.UpdateCompany, arg), 0)
		}
		equal(t, "company", companyNow(t, want), want)
	},
	"company/update to a taken code": func(t *T) {
		one := tenant(t)
		company(t, newCompany(one, "A"))
		b := company(t, newCompany(one, "B"))
		b.Code = "A"
		_, err := t.store.UpdateCompany(t.Context(), updateCompany(b))
		isViolation(t, err, store.Unique, "companies_tenant_id_code_key")
	},
	"company/delete needs the version, the tenant and the id": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		arg := db.DeleteCompanyParams{TenantID: c.TenantID, ID: c.ID, Version: c.Version}
		equal(t, "rows", query(t, t.store.DeleteCompany, db.DeleteCompanyParams{TenantID: c.TenantID, ID: c.ID, Version: 2}), 0)
		equal(t, "rows", query(t, t.store.DeleteCompany, db.DeleteCompanyParams{TenantID: tenant(t), ID: c.ID, Version: 1}), 0)
		equal(t, "rows", query(t, t.store.DeleteCompany, db.DeleteCompanyParams{TenantID: c.TenantID, ID: newID(), Version: 1}), 0)
		equal(t, "rows", query(t, t.store.DeleteCompany, arg), 1)
		equal(t, "rows the second time", query(t, t.store.DeleteCompany, arg), 0)
		fails(t, t.store.GetCompany, db.GetCompanyParams{TenantID: c.TenantID, ID: c.ID}, store.ErrNotFound)
	},
	"company/delete is refused while users belong to it": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		member := newUser(c.TenantID)
		member.CompanyID = &c.ID
		user(t, member)
		_, err := t.store.DeleteCompany(t.Context(), db.DeleteCompanyParams{TenantID: c.TenantID, ID: c.ID, Version: c.Version})
		isViolation(t, err, store.ForeignKey, "users_tenant_id_company_id_fkey")
	},
	"company/delete is refused while branches or departments belong to it": func(t *T) {
		one, two := company(t, newCompany(tenant(t), "C")), company(t, newCompany(tenant(t), "C"))
		branch(t, newBranch(one, "B"))
		_, err := t.store.DeleteCompany(t.Context(), db.DeleteCompanyParams{TenantID: one.TenantID, ID: one.ID, Version: one.Version})
		isViolation(t, err, store.ForeignKey, "branches_tenant_id_company_id_fkey")
		department(t, newDepartment(two, "D"))
		_, err = t.store.DeleteCompany(t.Context(), db.DeleteCompanyParams{TenantID: two.TenantID, ID: two.ID, Version: two.Version})
		isViolation(t, err, store.ForeignKey, "departments_tenant_id_company_id_fkey")
	},
	"company/lock changes its own count and says whether the company is there": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		equal(t, "rows", query(t, t.store.LockCompany, db.LockCompanyParams{TenantID: c.TenantID, ID: c.ID}), 1)
		equal(t, "rows of another tenant", query(t, t.store.LockCompany, db.LockCompanyParams{TenantID: tenant(t), ID: c.ID}), 0)
		b, d := branch(t, newBranch(c, "B")), department(t, newDepartment(c, "D"))
		equal(t, "rows of a branch", query(t, t.store.LockCompanyOfBranch, db.LockCompanyOfBranchParams{TenantID: c.TenantID, ID: b.ID}), 1)
		equal(t, "rows of another tenant's branch", query(t, t.store.LockCompanyOfBranch, db.LockCompanyOfBranchParams{TenantID: tenant(t), ID: b.ID}), 0)
		equal(t, "rows of a department", query(t, t.store.LockCompanyOfDepartment, db.LockCompanyOfDepartmentParams{TenantID: c.TenantID, ID: d.ID}), 1)
		equal(t, "rows of another tenant's department", query(t, t.store.LockCompanyOfDepartment, db.LockCompanyOfDepartmentParams{TenantID: tenant(t), ID: d.ID}), 0)
		c.LockCount = 3
		equal(t, "company", companyNow(t, c), c)
	},
}
