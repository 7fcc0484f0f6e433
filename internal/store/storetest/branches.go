package storetest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// updateBranch changes every column of a branch to those of b, if it has b's version.
func updateBranch(b db.Branch) db.UpdateBranchParams {
	return db.UpdateBranchParams{
		Code: b.Code, Name: b.Name, NameKey: b.NameKey, Email: b.Email, Phone: b.Phone,
		AddressLine1: b.AddressLine1, AddressLine2: b.AddressLine2, City: b.City, State: b.State, PostalCode: b.PostalCode, Country: b.Country,
		Latitude: b.Latitude, Longitude: b.Longitude, IsHeadquarters: b.IsHeadquarters, IsActive: b.IsActive,
		SearchText: b.SearchText, UpdatedAt: b.UpdatedAt, TenantID: b.TenantID, ID: b.ID, Version: b.Version,
	}
}

// fillBranch gives every column that can change another value, no two the same.
func fillBranch(b *db.Branch) {
	b.Code, b.Name, b.NameKey, b.SearchText = "FULL", "Full", "full", "full full"
	b.Email, b.Phone, b.AddressLine1, b.AddressLine2 = new("e@example.com"), new("+1"), new("line 1"), new("line 2")
	b.City, b.State, b.PostalCode, b.Country = new("city"), new("state"), new("10115"), new("DE")
	b.Latitude, b.Longitude = new(37.788612345678), new(-122.39881234567891)
	b.IsHeadquarters, b.IsActive, b.UpdatedAt = true, false, noon().Add(time.Hour)
}

var branchTests = map[string]func(*T){
	"branch/null comes back as null": func(t *T) {
		want := branch(t, newBranch(company(t, newCompany(tenant(t), "C")), "B"))
		equal(t, "branch", branchNow(t, want), want)
	},
	"branch/missing, or another tenant's": func(t *T) {
		b := branch(t, newBranch(company(t, newCompany(tenant(t), "C")), "B"))
		fails(t, t.store.GetBranch, db.GetBranchParams{TenantID: b.TenantID, ID: newID()}, store.ErrNotFound)
		fails(t, t.store.GetBranch, db.GetBranchParams{TenantID: tenant(t), ID: b.ID}, store.ErrNotFound)
	},
	"branch/code is unique in a company": func(t *T) {
		one := tenant(t)
		mine, other := company(t, newCompany(one, "MINE")), company(t, newCompany(one, "OTHER"))
		branch(t, newBranch(mine, "B"))
		branch(t, newBranch(other, "B"))
		refuse(t, t.store.InsertBranch, db.InsertBranchParams(newBranch(mine, "B")), store.Unique, "branches_tenant_id_company_id_code_key")
		b := branch(t, newBranch(mine, "FREE"))
		b.Code = "B"
		_, err := t.store.UpdateBranch(t.Context(), updateBranch(b))
		isViolation(t, err, store.Unique, "branches_tenant_id_company_id_code_key")
	},
	"branch/can't be in another tenant's company": func(t *T) {
		foreign := company(t, newCompany(tenant(t), "C"))
		b := newBranch(foreign, "B")
		b.TenantID = tenant(t)
		refuse(t, t.store.InsertBranch, db.InsertBranchParams(b), store.ForeignKey, "branches_tenant_id_company_id_fkey")
	},
	"branch/update changes every field, and back to null, and counts the version up": func(t *T) {
		want := branch(t, newBranch(company(t, newCompany(tenant(t), "C")), "B"))
		empty := want
		fillBranch(&want)
		equal(t, "rows", query(t, t.store.UpdateBranch, updateBranch(want)), 1)
		want.Version++
		equal(t, "branch", branchNow(t, want), want)
		empty.Version = want.Version
		equal(t, "rows", query(t, t.store.UpdateBranch, updateBranch(empty)), 1)
		empty.Version++
		equal(t, "branch", branchNow(t, empty), empty)
	},
	"branch/update of a stale version, or another tenant's, or none, changes nothing": func(t *T) {
		want := branch(t, newBranch(company(t, newCompany(tenant(t), "C")), "B"))
		for _, change := range []func(*db.UpdateBranchParams){
			func(p *db.UpdateBranchParams) { p.Version++ },
			func(p *db.UpdateBranchParams) { p.TenantID = tenant(t) },
			func(p *db.UpdateBranchParams) { p.ID = newID() },
		} {
			arg := updateBranch(want)
			arg.Name = "changed"
			change(&arg)
			equal(t, "rows", query(t, t.store.UpdateBranch, arg), 0)
		}
		equal(t, "branch", branchNow(t, want), want)
	},
	"branch/delete needs the version, the tenant and the id": func(t *T) {
		b := branch(t, newBranch(company(t, newCompany(tenant(t), "C")), "B"))
		equal(t, "rows", query(t, t.store.DeleteBranch, db.DeleteBranchParams{TenantID: b.TenantID, ID: b.ID, Version: 2}), 0)
		equal(t, "rows", query(t, t.store.DeleteBranch, db.DeleteBranchParams{TenantID: tenant(t), ID: b.ID, Version: 1}), 0)
		equal(t, "rows", query(t, t.store.DeleteBranch, db.DeleteBranchParams{TenantID: b.TenantID, ID: newID(), Version: 1}), 0)
		equal(t, "rows", query(t, t.store.DeleteBranch, db.DeleteBranchParams{TenantID: b.TenantID, ID: b.ID, Version: 1}), 1)
		fails(t, t.store.GetBranch, db.GetBranchParams{TenantID: b.TenantID, ID: b.ID}, store.ErrNotFound)
	},
	"branch/delete is refused while departments or users belong to it": func(t *T) {
		c := company(t, newCompany(tenant(t), "C"))
		one, two := branch(t, newBranch(c, "ONE")), branch(t, newBranch(c, "TWO"))
		d := newDepartment(c, "D")
		d.BranchID = &one.ID
		department(t, d)
		_, err := t.store.DeleteBranch(t.Context(), db.DeleteBranchParams{TenantID: one.TenantID, ID: one.ID, Version: 1})
		isViolation(t, err, store.ForeignKey, "departments_tenant_id_company_id_branch_id_fkey")
		u := newUser(c.TenantID)
		u.BranchID = &two.ID
		user(t, u)
		_, err = t.store.DeleteBranch(t.Context(), db.DeleteBranchParams{TenantID: two.TenantID, ID: two.ID, Version: 1})
		isViolation(t, err, store.ForeignKey, "users_tenant_id_branch_id_fkey")
	},
	"branch/pages of any size hold every row once and in order": func(t *T) {
		c, other := company(t, newCompany(tenant(t), "C")), company(t, newCompany(tenant(t), "C"))
		branch(t, newBranch(other, "B"))
		var rows []db.Branch
		for i, gap := range gaps {
			b := newBranch(c, fmt.Sprintf("B%d", i))
			b.CreatedAt, b.NameKey = noon().Add(gap.after), gap.name
			rows = append(rows, branch(t, b))
		}
		branches.holdEveryRow(t, c.TenantID, rows)
	},
	"branch/filters": func(t *T) {
		one := tenant(t)
		c, other := company(t, newCompany(one, "C")), company(t, newCompany(one, "OTHER"))
		for code, change := range map[string]func(*db.Branch){
			"A": func(b *db.Branch) { b.Country, b.SearchText = new("DE"), "alpha" },
			"B": func(b *db.Branch) { b.IsHeadquarters, b.SearchText = true, "beta" },
			"C": func(b *db.Branch) { b.IsActive, b.Country = false, new("CH") },
			"D": func(b *db.Branch) { b.CompanyID = other.ID },
		} {
			b := newBranch(c, code)
			change(&b)
			branch(t, b)
		}
		branch(t, newBranch(company(t, newCompany(tenant(t), "C")), "A"))
		branches.filter(t, one, func(b db.Branch) string { return b.Code }, []filterCase[db.BranchFilters]{
			{"nothing", db.BranchFilters{}, "A B C D"},
			{"code", db.BranchFilters{Code: new("B")}, "B"},
			{"company", db.BranchFilters{CompanyID: &c.ID}, "A B C"},
			{"country", db.BranchFilters{Country: new("DE")}, "A"},
			{"headquarters", db.BranchFilters{IsHeadquarters: new(true)}, "B"},
			{"not headquarters", db.BranchFilters{IsHeadquarters: new(false)}, "A C D"},
			{"not active", db.BranchFilters{IsActive: new(false)}, "C"},
			{"pattern", db.BranchFilters{Pattern: new("%eta")}, "B"},
			{"several", db.BranchFilters{CompanyID: &c.ID, IsActive: new(true), IsHeadquarters: new(false)}, "A"},
		})
	},
	"branch/all of a company": func(t *T) {
		one := tenant(t)
		c, other := company(t, newCompany(one, "C")), company(t, newCompany(one, "OTHER"))
		want := []db.Branch{branch(t, newBranch(c, "A")), branch(t, newBranch(c, "B"))}
		branch(t, newBranch(other, "A"))
		list := db.ListBranchesOfCompanyParams{TenantID: one, CompanyID: c.ID, Limit: 3}
		equal(t, "list", query(t, t.store.ListBranchesOfCompany, list), want)
		list.Limit = 1
		equal(t, "first of the list", query(t, t.store.ListBranchesOfCompany, list), want[:1])
		list.TenantID = tenant(t)
		equal(t, "list of another tenant", query(t, t.store.ListBranchesOfCompany, list), []db.Branch{})
		arg := db.DeleteBranchesOfCompanyParams{TenantID: list.TenantID, CompanyID: c.ID, LastID: want[0].ID}
		equal(t, "deleted of another tenant", query(t, t.store.DeleteBranchesOfCompany, arg), 0)
		arg.TenantID = one
		equal(t, "deleted", query(t, t.store.DeleteBranchesOfCompany, arg), 1)
		equal(t, "left", query(t, t.store.ListBranchesOfCompany, db.ListBranchesOfCompanyParams{TenantID: one, CompanyID: c.ID, Limit: 3}), want[1:])
		equal(t, "left of another company", query(t, t.store.CountBranches, db.CountBranchesParams{TenantID: one, CompanyID: &other.ID}), 1)
	},
}

var branches = listOf[db.Branch, db.BranchFilters]{
	List:  db.BranchList,
	place: func(b db.Branch) place { return place{b.CreatedAt, b.NameKey, b.ID} },
	in:    func(tenant uuid.UUID, f db.BranchFilters) db.BranchFilters { f.TenantID = tenant; return f },
}
