package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// order is one of the four orders of companies.
type order struct {
	first   db.Company // a page after this one is the first page
	compare func(a, b db.Company) int
	list    func(t *T, p db.ListCompaniesByNameParams, after db.Company) []db.Company
}

func byCreatedAt(a, b db.Company) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID.String(), b.ID.String()))
}

func byName(a, b db.Company) int {
	return cmp.Or(cmp.Compare(a.NameKey, b.NameKey), cmp.Compare(a.ID.String(), b.ID.String()))
}

func backwards(compare func(a, b db.Company) int) func(a, b db.Company) int {
	return func(a, b db.Company) int { return compare(b, a) }
}

var orders = map[string]order{
	"created_at": {
		first:   db.Company{CreatedAt: time.Unix(0, 0).UTC()},
		compare: byCreatedAt,
		list: func(t *T, p db.ListCompaniesByNameParams, after db.Company) []db.Company {
			return query(t, t.store.ListCompaniesByCreatedAt, db.ListCompaniesByCreatedAtParams{
				TenantID: p.TenantID, AfterCreatedAt: after.CreatedAt, AfterID: after.ID,
				Code: p.Code, Country: p.Country, IsActive: p.IsActive, Pattern: p.Pattern, Limit: p.Limit,
			})
		},
	},
	"created_at desc": {
		first:   db.Company{CreatedAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: uuid.Max},
		compare: backwards(byCreatedAt),
		list: func(t *T, p db.ListCompaniesByNameParams, after db.Company) []db.Company {
			return query(t, t.store.ListCompaniesByCreatedAtDesc, db.ListCompaniesByCreatedAtDescParams{
				TenantID: p.TenantID, AfterCreatedAt: after.CreatedAt, AfterID: after.ID,
				Code: p.Code, Country: p.Country, IsActive: p.IsActive, Pattern: p.Pattern, Limit: p.Limit,
			})
		},
	},
	"name": {
		first:   db.Company{},
		compare: byName,
		list: func(t *T, p db.ListCompaniesByNameParams, after db.Company) []db.Company {
			p.AfterNameKey, p.AfterID = after.NameKey, after.ID
			return query(t, t.store.ListCompaniesByName, p)
		},
	},
	"name desc": {
		first:   db.Company{NameKey: strings.Repeat("\U0010ffff", 200), ID: uuid.Max},
		compare: backwards(byName),
		list: func(t *T, p db.ListCompaniesByNameParams, after db.Company) []db.Company {
			p.AfterNameKey, p.AfterID = after.NameKey, after.ID
			return query(t, t.store.ListCompaniesByNameDesc, db.ListCompaniesByNameDescParams(p))
		},
	},
}

// pages walks through a tenant's companies, page by page.
func pages(t *T, o order, tenant uuid.UUID, limit int32) []db.Company {
	t.Helper()
	var all []db.Company
	for after := o.first; ; {
		page := o.list(t, db.ListCompaniesByNameParams{TenantID: tenant, Limit: limit}, after)
		if len(page) == 0 {
			return all
		}
		if len(page) > int(limit) || len(all) > 100 {
			t.Fatalf("a page of at most %d has %d rows, after %d rows on earlier pages", limit, len(page), len(all))
		}
		all = append(all, page...)
		after = page[len(page)-1]
	}
}

var companyListTests = map[string]func(*T){
	"company list/pages of any size hold every row once and in order": func(t *T) {
		one, other := tenant(t), tenant(t)
		var want []db.Company
		// Times and names that are equal, in other orders than ids, and apart by the smallest step.
		times := []time.Duration{0, 2 * time.Second, time.Microsecond, time.Second, 0, 100 * time.Millisecond, 0}
		names := []string{"b", "a", "b", "", "ab", "b", "a"}
		for i := range times {
			c := newCompany(one, fmt.Sprintf("C%d", i))
			c.CreatedAt = noon().Truncate(time.Second).Add(times[i])
			c.NameKey = names[i]
			want = append(want, c)
		}
		for _, i := range []int{4, 0, 6, 2, 5, 1, 3} { // not in the order of the ids either
			company(t, want[i])
		}
		company(t, newCompany(other, "C"))
		for name, o := range orders {
			slices.SortFunc(want, o.compare)
			for _, limit := range []int32{1, 2, 3, 7, 100} {
				equal(t, fmt.Sprintf("order %s in pages of %d", name, limit), pages(t, o, one, limit), want)
			}
		}
	},
	"company list/a row that comes before the cursor is not on the next page": func(t *T) {
		one := tenant(t)
		for i, name := range []string{"d", "f", "h"} {
			c := newCompany(one, fmt.Sprintf("C%d", i))
			c.NameKey, c.CreatedAt = name, noon().Add(time.Duration(i)*time.Hour)
			company(t, c)
		}
		for name, o := range orders {
			page := o.list(t, db.ListCompaniesByNameParams{TenantID: one, Limit: 2}, o.first)
			earlier := page[0]
			earlier.ID, earlier.Code = newID(), name
			company(t, earlier)
			last := page[1]
			for _, c := range o.list(t, db.ListCompaniesByNameParams{TenantID: one, Limit: 100}, last) {
				if o.compare(c, last) <= 0 {
					t.Errorf("order %s: %s %s is again on the page after it", name, c.Code, c.NameKey)
				}
			}
			query(t, t.store.DeleteCompany, db.DeleteCompanyParams{TenantID: one, ID: earlier.ID, Version: earlier.Version})
		}
	},
	"company list/filters": func(t *T) {
		one, other := tenant(t), tenant(t)
		insertFilterable(t, one)
		insertFilterable(t, other)
		for _, f := range filterCases {
			for name, o := range orders {
				var codes []string
				arg := db.ListCompaniesByNameParams{
					TenantID: one, Code: f.code, Country: f.country, IsActive: f.isActive, Pattern: f.pattern, Limit: 100,
				}
				for _, c := range o.list(t, arg, o.first) {
					codes = append(codes, c.Code)
				}
				slices.Sort(codes)
				equal(t, name+" with "+f.name, codes, f.want)
			}
		}
	},
	"company list/filters and pages go together": func(t *T) {
		one := tenant(t)
		insertFilterable(t, one)
		for name, o := range orders {
			arg := db.ListCompaniesByNameParams{TenantID: one, IsActive: new(true), Limit: 1}
			first := o.list(t, arg, o.first)
			second := o.list(t, arg, first[0])
			third := o.list(t, arg, second[0])
			equal(t, name+": number of active companies", len(first)+len(second)+len(third), 2)
			if !first[0].IsActive || !second[0].IsActive || o.compare(first[0], second[0]) >= 0 {
				t.Errorf("%s: pages are %s and %s", name, first[0].Code, second[0].Code)
			}
		}
	},
	"company list/an empty list is not null": func(t *T) {
		for name, o := range orders {
			if o.list(t, db.ListCompaniesByNameParams{TenantID: tenant(t), Limit: 1}, o.first) == nil {
				t.Errorf("%s: list is nil", name)
			}
		}
	},
}
