package org

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
)

// maxNodes is the limit in the document. A reply of this size has about 4 MB.
const maxNodes = 20_000

// Trees reads the organisation as a tree.
type Trees struct {
	store    *store.Store
	maxNodes int32
}

// NewTrees returns the service.
func NewTrees(p records.Parts) *Trees { return &Trees{store: p.Store, maxNodes: maxNodes} }

// Read returns the companies of the tenant, or one of them, with everything below. It returns
// errs.NotFound if the company doesn't exist, or errs.TooLarge if there are too many nodes.
func (s *Trees) Read(ctx context.Context, by access.Principal, companyID *uuid.UUID) (api.OrganisationTree, error) {
	// Read children first: the parent of a row is then in a later read, or else has been deleted
	// together with the row. Reading one row more than the limit shows that there are too many.
	limit := s.maxNodes + 1
	departments, err := s.store.ListDepartmentNodes(ctx, db.ListDepartmentNodesParams{TenantID: by.TenantID, CompanyID: companyID, Limit: limit})
	if err != nil {
		return api.OrganisationTree{}, err
	}
	limit -= int32(len(departments)) //nolint:gosec // at most the limit
	branches, err := s.store.ListBranchNodes(ctx, db.ListBranchNodesParams{TenantID: by.TenantID, CompanyID: companyID, Limit: limit})
	if err != nil {
		return api.OrganisationTree{}, err
	}
	limit -= int32(len(branches)) //nolint:gosec // at most the limit
	companies, err := s.store.ListCompanyNodes(ctx, db.ListCompanyNodesParams{TenantID: by.TenantID, CompanyID: companyID, Limit: limit})
	if err != nil {
		return api.OrganisationTree{}, err
	}
	if int(limit) == len(companies) {
		return api.OrganisationTree{}, tooLarge(fmt.Sprintf("There are more than %d companies, branches and departments.", s.maxNodes))
	}
	if companyID != nil && len(companies) == 0 {
		return api.OrganisationTree{}, errs.New(errs.NotFound, "There is no such company.")
	}
	nodes, levels := tree(companies, branches, departments)
	if levels > maxLevels {
		return api.OrganisationTree{}, tooLarge(fmt.Sprintf("More than %d departments are below each other.", maxLevels))
	}
	return nodes, nil
}

func tooLarge(why string) error {
	return errs.New(errs.TooLarge, why+" Ask for one company with company_id, or use the lists.").
		With(errs.Field{Parameter: "company_id", Detail: "Ask for one company, or use the lists.", Code: "too_large"})
}

// tree returns the nodes in the order of the rows, and the number of levels of departments. It
// builds the tree bottom-up, because a node can't be changed once it is part of another one.
func tree(
	companies []db.ListCompanyNodesRow, branches []db.ListBranchNodesRow, departments []db.ListDepartmentNodesRow,
) (_ api.OrganisationTree, levels int) {
	departmentsBelow := map[uuid.UUID][]api.DepartmentNode{} // by what they stand below, last first
	below := func(id uuid.UUID) []api.DepartmentNode {
		nodes := departmentsBelow[id]
		if nodes == nil {
			return []api.DepartmentNode{}
		}
		slices.Reverse(nodes)
		return nodes
	}
	ordered, _ := topDown(departments, nodePlace, func(*db.ListDepartmentNodesRow) bool { return true })
	level := map[uuid.UUID]int{}
	for _, d := range ordered {
		level[d.ID] = 1
		if d.ParentID != nil {
			level[d.ID] += level[*d.ParentID]
		}
		levels = max(levels, level[d.ID])
	}
	for _, d := range slices.Backward(ordered) {
		above := d.CompanyID
		if d.BranchID != nil {
			above = *d.BranchID
		}
		if d.ParentID != nil {
			above = *d.ParentID
		}
		departmentsBelow[above] = append(departmentsBelow[above], api.DepartmentNode{
			ID: d.ID, Code: d.Code, Name: d.Name, BranchID: d.BranchID, HeadUserID: d.HeadUserID, IsActive: d.IsActive, Departments: below(d.ID),
		})
	}
	branchesOf := map[uuid.UUID][]api.BranchNode{}
	for _, b := range branches {
		branchesOf[b.CompanyID] = append(branchesOf[b.CompanyID], api.BranchNode{
			ID: b.ID, Code: b.Code, Name: b.Name, IsHeadquarters: b.IsHeadquarters, IsActive: b.IsActive, Departments: below(b.ID),
		})
	}
	nodes := make([]api.CompanyNode, len(companies))
	for i, c := range companies {
		nodes[i] = api.CompanyNode{
			ID: c.ID, Code: c.Code, Name: c.Name, IsActive: c.IsActive, Branches: branchesOf[c.ID], Departments: below(c.ID),
		}
		if nodes[i].Branches == nil {
			nodes[i].Branches = []api.BranchNode{}
		}
	}
	return api.OrganisationTree{Companies: nodes}, levels
}

func nodePlace(d *db.ListDepartmentNodesRow) (id uuid.UUID, parent **uuid.UUID) {
	return d.ID, &d.ParentID
}
