package org

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/paging"
)

// maxName is the most characters that a name may have.
const maxName = 200

// The positions before the first row of each order.
var (
	lowest  = companyPosition{at: time.Unix(0, 0).UTC()}
	highest = companyPosition{at: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), name: strings.Repeat("\U0010ffff", maxName), id: uuid.Max}
)

// companyPosition is where a page starts: after this row.
type companyPosition struct {
	at   time.Time
	name string
	id   uuid.UUID
}

// companyFilters is the part of a list's parameters that decides what is in it.
type companyFilters struct {
	Code, Country, Pattern *string
	IsActive               *bool
}

// List returns a page of the tenant's companies. A cursor that doesn't fit is errs.InvalidCursor.
func (s *Companies) List(ctx context.Context, by access.Principal, in api.ListCompaniesParams) (paging.Page[db.Company], error) {
	sort := api.CompanySortCreatedAt
	if in.Sort != nil {
		sort = *in.Sort
	}
	filters := companyFilters{Country: in.Country, IsActive: in.IsActive}
	if in.Code != nil {
		code := strings.ToUpper(*in.Code)
		filters.Code = &code
	}
	if in.Q != nil {
		pattern := searchPattern(*in.Q)
		filters.Pattern = &pattern
	}
	list := paging.List{TenantID: by.TenantID, Name: "listCompanies", Sort: string(sort), Filters: filters}
	after, err := s.companyStart(list, sort, in.Cursor)
	if err != nil {
		return paging.Page[db.Company]{}, err
	}

	// One row more than the page has says whether there is another page.
	limit := paging.Limit(in.Limit)
	rows, err := s.queryCompanies(ctx, by.TenantID, sort, filters, after, limit+1)
	if err != nil {
		return paging.Page[db.Company]{}, err
	}
	page := paging.Page[db.Company]{Items: rows}
	if len(rows) > int(limit) {
		page.Items = rows[:limit]
		last := page.Items[limit-1]
		key := last.NameKey
		if byTime(sort) {
			key = last.CreatedAt.Format(time.RFC3339Nano)
		}
		if page.NextCursor, err = s.cursors.Encode(list, paging.Position{Key: key, ID: last.ID}); err != nil {
			return paging.Page[db.Company]{}, err
		}
	}
	if in.Count != nil && *in.Count {
		total, err := s.store.CountCompanies(ctx, db.CountCompaniesParams{
			TenantID: by.TenantID, Code: filters.Code, Country: filters.Country, IsActive: filters.IsActive, Pattern: filters.Pattern,
		})
		if err != nil {
			return paging.Page[db.Company]{}, err
		}
		page.Total = &total
	}
	return page, nil
}

func (s *Companies) companyStart(list paging.List, sort api.CompanySort, cursor *string) (companyPosition, error) {
	if cursor == nil {
		if sort == api.CompanySortCreatedAtDesc || sort == api.CompanySortNameDesc {
			return highest, nil
		}
		return lowest, nil
	}
	p, err := s.cursors.Decode(list, *cursor)
	if err != nil {
		return companyPosition{}, err
	}
	start := companyPosition{name: p.Key, id: p.ID}
	if byTime(sort) {
		if start.at, err = time.Parse(time.RFC3339Nano, p.Key); err != nil {
			return companyPosition{}, fmt.Errorf("decode cursor: %w", err)
		}
	}
	return start, nil
}

func byTime(sort api.CompanySort) bool {
	return sort == api.CompanySortCreatedAt || sort == api.CompanySortCreatedAtDesc
}

func (s *Companies) queryCompanies(
	ctx context.Context, tenantID uuid.UUID, sort api.CompanySort, f companyFilters, after companyPosition, limit int32,
) ([]db.Company, error) {
	byCreation := db.ListCompaniesByCreatedAtParams{
		TenantID: tenantID, AfterCreatedAt: after.at, AfterID: after.id,
		Code: f.Code, Country: f.Country, IsActive: f.IsActive, Pattern: f.Pattern, Limit: limit,
	}
	byName := db.ListCompaniesByNameParams{
		TenantID: tenantID, AfterNameKey: after.name, AfterID: after.id,
		Code: f.Code, Country: f.Country, IsActive: f.IsActive, Pattern: f.Pattern, Limit: limit,
	}
	switch sort {
	case api.CompanySortCreatedAt:
		return s.store.ListCompaniesByCreatedAt(ctx, byCreation)
	case api.CompanySortCreatedAtDesc:
		return s.store.ListCompaniesByCreatedAtDesc(ctx, db.ListCompaniesByCreatedAtDescParams(byCreation))
	case api.CompanySortName:
		return s.store.ListCompaniesByName(ctx, byName)
	case api.CompanySortNameDesc:
		return s.store.ListCompaniesByNameDesc(ctx, db.ListCompaniesByNameDescParams(byName))
	default:
		return nil, fmt.Errorf("unknown sort %q", sort)
	}
}
