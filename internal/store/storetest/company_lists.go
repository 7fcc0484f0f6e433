package storetest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

var companies = listOf[db.Company, db.CompanyFilters]{
	List:  db.CompanyList,
	place: func(c db.Company) place { return place{c.CreatedAt, c.NameKey, c.ID} },
	in:    func(tenant uuid.UUID, f db.CompanyFilters) db.CompanyFilters { f.TenantID = tenant; return f },
}

var companyListTests = map[string]func(*T){
	"company list/pages of any size hold every row once and in order": func(t *T) {
		one := tenant(t)
		company(t, newCompany(tenant(t), "C"))
		want := make([]db.Company, len(gaps))
		for i, gap := range gaps {
			want[i] = newCompany(one, fmt.Sprintf("C%d", i))
			want[i].CreatedAt, want[i].NameKey = noon().Add(gap.after), gap.name
		}
		for _, i := range []int{4, 0, 6, 2, 5, 1, 3} { // not in the order of the ids
			company(t, want[i])
		}
		companies.holdEveryRow(t, one, want)
	},
	"company list/a row that comes before the cursor is not on the next page": func(t *T) {
		one := tenant(t)
		for i, name := range []string{"d", "f", "h"} {
			c := newCompany(one, fmt.Sprintf("C%d", i))
			c.NameKey, c.CreatedAt = name, noon().Add(time.Duration(i)*time.Hour)
			company(t, c)
		}
		all := db.CompanyFilters{TenantID: one}
		for _, o := range companies.Orders {
			page := companies.rows(t, o, all, o.First, 2)
			earlier, last := page[0], page[1]
			earlier.ID, earlier.Code = newID(), o.Sort
			company(t, earlier)
			for _, c := range companies.rows(t, o, all, companies.after(t, o, last), 100) {
				if companies.compare(o)(c, last) <= 0 {
					t.Errorf("order %s: %s %s is again on the page after it", o.Sort, c.Code, c.NameKey)
				}
			}
			query(t, t.store.DeleteCompany, db.DeleteCompanyParams{TenantID: one, ID: earlier.ID, Version: earlier.Version})
		}
	},
	"company list/filters": func(t *T) {
		one, other := tenant(t), tenant(t)
		insertFilterable(t, one)
		insertFilterable(t, other)
		companies.filter(t, one, func(c db.Company) string { return c.Code }, filterCases)
		companies.filter(t, tenant(t), func(c db.Company) string { return c.Code }, []filterCase[db.CompanyFilters]{{name: "an empty tenant"}})
	},
	"company list/filters and pages go together": func(t *T) {
		one := tenant(t)
		insertFilterable(t, one)
		for _, o := range companies.Orders {
			rows := companies.pages(t, o, db.CompanyFilters{TenantID: one, IsActive: new(true)}, o.First, 1)
			if len(rows) != 2 || !rows[0].IsActive || !rows[1].IsActive || companies.compare(o)(rows[0], rows[1]) >= 0 {
				t.Errorf("%s: the active companies are %+v", o.Sort, rows)
			}
		}
	},
}

// insertFilterable adds the companies of filterCases.
func insertFilterable(t *T, tenant uuid.UUID) {
	t.Helper()
	for _, row := range []struct {
		code, search string
		country      *string
		active       bool
	}{
		{"ALPHA", "alpha berlin", new("DE"), true},
		{"BETA", "beta bern", new("CH"), false},
		{"GAMMA", "gamma berlin", nil, true},
		{"DELTA", "delta", new(""), false},
	} {
		c := newCompany(tenant, row.code)
		c.NameKey, c.SearchText, c.Country, c.IsActive = row.search, row.search, row.country, row.active
		company(t, c)
	}
}

// filterCases are filters with the codes of the companies that match.
var filterCases = []filterCase[db.CompanyFilters]{
	{"everything", db.CompanyFilters{}, "ALPHA BETA DELTA GAMMA"},
	{"code", db.CompanyFilters{Code: new("BETA")}, "BETA"},
	{"part of a code", db.CompanyFilters{Code: new("BET")}, ""},
	{"country", db.CompanyFilters{Country: new("DE")}, "ALPHA"},
	{"empty country, which is not null", db.CompanyFilters{Country: new("")}, "DELTA"},
	{"active", db.CompanyFilters{IsActive: new(true)}, "ALPHA GAMMA"},
	{"not active", db.CompanyFilters{IsActive: new(false)}, "BETA DELTA"},
	{"pattern in the middle", db.CompanyFilters{Pattern: new("%a ber%")}, "ALPHA BETA GAMMA"},
	{"pattern at the end", db.CompanyFilters{Pattern: new("%berlin")}, "ALPHA GAMMA"},
	{"pattern at the beginning", db.CompanyFilters{Pattern: new("delta%")}, "DELTA"},
	{"pattern with one character", db.CompanyFilters{Pattern: new("%ber_")}, "BETA"},
	{"pattern without wildcard is the whole text", db.CompanyFilters{Pattern: new("berlin")}, ""},
	{"pattern of nothing", db.CompanyFilters{Pattern: new("")}, ""},
	{"several filters", db.CompanyFilters{Country: new("DE"), IsActive: new(true), Pattern: new("%berlin%")}, "ALPHA"},
	{"filters that exclude each other", db.CompanyFilters{Country: new("DE"), IsActive: new(false)}, ""},
}
