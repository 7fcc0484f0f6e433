package storetest

import "github.com/tenantry/tenantry/gen/db"

// Rows of the organisation tree are sorted by name and then by id. Their number is limited, and
// they can be restricted to one company.
var nodeTests = map[string]func(*T){
	"node/companies": func(t *T) {
		one := tenant(t)
		first, second, third := newCompany(one, "A"), newCompany(one, "B"), newCompany(one, "C")
		first.NameKey, second.NameKey, third.NameKey = "b", "a", "b"
		company(t, newCompany(tenant(t), "A"))
		node := func(c db.Company) db.ListCompanyNodesRow {
			company(t, c)
			return db.ListCompanyNodesRow{ID: c.ID, Code: c.Code, Name: c.Name, IsActive: c.IsActive}
		}
		a, b, c := node(first), node(second), node(third)
		equal(t, "nodes", query(t, t.store.ListCompanyNodes, db.ListCompanyNodesParams{TenantID: one, Limit: 9}), []db.ListCompanyNodesRow{b, a, c})
		equal(t, "two", query(t, t.store.ListCompanyNodes, db.ListCompanyNodesParams{TenantID: one, Limit: 2}), []db.ListCompanyNodesRow{b, a})
		equal(t, "none", query(t, t.store.ListCompanyNodes, db.ListCompanyNodesParams{TenantID: one, Limit: 0}), []db.ListCompanyNodesRow{})
		equal(t, "one", query(t, t.store.ListCompanyNodes, db.ListCompanyNodesParams{TenantID: one, CompanyID: &third.ID, Limit: 9}), []db.ListCompanyNodesRow{c})
	},
	"node/branches": func(t *T) {
		one := tenant(t)
		mine, other := company(t, newCompany(one, "A")), company(t, newCompany(one, "B"))
		branch(t, newBranch(company(t, newCompany(tenant(t), "A")), "A"))
		first, second, third := newBranch(mine, "A"), newBranch(mine, "B"), newBranch(other, "C")
		first.NameKey, second.NameKey, third.NameKey, third.IsHeadquarters = "b", "a", "b", true
		node := func(b db.Branch) db.ListBranchNodesRow {
			branch(t, b)
			return db.ListBranchNodesRow{ID: b.ID, CompanyID: b.CompanyID, Code: b.Code, Name: b.Name, IsHeadquarters: b.IsHeadquarters, IsActive: b.IsActive}
		}
		a, b, c := node(first), node(second), node(third)
		equal(t, "nodes", query(t, t.store.ListBranchNodes, db.ListBranchNodesParams{TenantID: one, Limit: 9}), []db.ListBranchNodesRow{b, a, c})
		equal(t, "two", query(t, t.store.ListBranchNodes, db.ListBranchNodesParams{TenantID: one, Limit: 2}), []db.ListBranchNodesRow{b, a})
		equal(t, "of one", query(t, t.store.ListBranchNodes, db.ListBranchNodesParams{TenantID: one, CompanyID: &other.ID, Limit: 9}), []db.ListBranchNodesRow{c})
	},
	"node/departments": func(t *T) {
		one := tenant(t)
		mine, other := company(t, newCompany(one, "A")), company(t, newCompany(one, "B"))
		department(t, newDepartment(company(t, newCompany(tenant(t), "A")), "A"))
		b, head := branch(t, newBranch(mine, "B")), user(t, newUser(one))
		first, second, third := newDepartment(mine, "A"), newDepartment(mine, "B"), newDepartment(other, "C")
		first.NameKey, second.NameKey, third.NameKey, third.HeadUserID = "b", "a", "b", &head.ID
		second.BranchID, second.ParentID = &b.ID, &first.ID
		node := func(d db.Department) db.ListDepartmentNodesRow {
			department(t, d)
			return db.ListDepartmentNodesRow{
				ID: d.ID, CompanyID: d.CompanyID, BranchID: d.BranchID, ParentID: d.ParentID, HeadUserID: d.HeadUserID,
				Code: d.Code, Name: d.Name, IsActive: d.IsActive,
			}
		}
		x, y, z := node(first), node(second), node(third)
		equal(t, "nodes", query(t, t.store.ListDepartmentNodes, db.ListDepartmentNodesParams{TenantID: one, Limit: 9}), []db.ListDepartmentNodesRow{y, x, z})
		equal(t, "two", query(t, t.store.ListDepartmentNodes, db.ListDepartmentNodesParams{TenantID: one, Limit: 2}), []db.ListDepartmentNodesRow{y, x})
		equal(t, "of one", query(t, t.store.ListDepartmentNodes, db.ListDepartmentNodesParams{TenantID: one, CompanyID: &other.ID, Limit: 9}), []db.ListDepartmentNodesRow{z})
	},
}
