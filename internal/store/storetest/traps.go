package storetest

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// hardTexts are texts that a database may change, confuse with each other, or take for SQL. They
// are all different.
var hardTexts = map[string]string{
	"empty":                   "",
	"blank":                   " ",
	"upper case":              "A",
	"lower case":              "a",
	"trailing blank":          "A ",
	"trailing blanks":         "A  ",
	"leading blank":           " A",
	"trailing tab":            "A\t",
	"line ends":               "A\r\nB\n",
	"sharp s":                 "straße",
	"double s":                "strasse",
	"composed":                "caf\u00e9",
	"decomposed":              "cafe\u0301",
	"ligature":                "\ufb01",
	"emoji":                   "\U0001f600",
	"another emoji":           "\U0001f601",
	"emoji of several":        "\U0001f469\u200d\U0001f4bb",
	"after the surrogates":    "\uffee",
	"right to left":           "\u05e9\u05dc\u05d5\u05dd",
	"zero width":              "A\u200b",
	"quote":                   "O'Brien",
	"two quotes":              "O''Brien",
	"double quote":            `"`,
	"backquote":               "`",
	"backslash":               `\`,
	"two backslashes":         `\\`,
	"backslash and quote":     `\'`,
	"backslash and letter":    `\n`,
	"percent":                 "100%",
	"underscore":              "a_b",
	"question mark":           "?",
	"placeholder":             "$1",
	"named placeholder":       ":a @b",
	"statement":               "'; DROP TABLE users; --",
	"comment":                 "/* */ -- #",
	"text of an error":        "x' for key 'accounts_email_key'",
	"number":                  "1",
	"number with zeros":       "001",
	"number with an exponent": "1e0",
	"time":                    "2026-11-23 12:00:00",
	"null":                    "NULL",
	"control characters":      "\x01\x1a\x7f",
}

var keyTraps = map[string]func(*T){
	"trap/hard texts are different keys": func(t *T) {
		one := tenant(t)
		for name, text := range hardTexts {
			c := newCompany(one, text)
			if err := t.store.InsertCompany(t.Context(), db.InsertCompanyParams(c)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			c.ID = newID()
			err := t.store.InsertCompany(t.Context(), db.InsertCompanyParams(c))
			if !store.Violates(err, "companies_tenant_id_code_key") {
				t.Errorf("second insertion of %s: error is %v", name, err)
			}
		}
	},
	"trap/a filter finds exactly its text": func(t *T) {
		one := tenant(t)
		for _, text := range hardTexts {
			c := newCompany(one, text)
			c.Country = &text
			company(t, c)
		}
		for name, text := range hardTexts {
			arg := db.CountCompaniesParams{TenantID: one, Code: &text, Country: &text}
			equal(t, "companies with "+name, query(t, t.store.CountCompanies, arg), 1)
		}
	},
	"trap/texts are sorted by their bytes": func(t *T) {
		one := tenant(t)
		var want []string
		for _, text := range hardTexts {
			c := newCompany(one, text)
			c.NameKey = text
			company(t, c)
			want = append(want, text)
		}
		slices.Sort(want)
		for _, l := range []listing{{t, t.resources["company"], "name", false}, {t, t.resources["company"], "name", true}} {
			var got []string
			for _, c := range l.page(one, nil, nil, 100) {
				got = append(got, c.(map[string]any)[resource.NameKey].(string))
			}
			equal(t, "order "+l.String(), got, want)
			slices.Reverse(want)
		}
	},
	"trap/a pattern distinguishes case, accents and blanks": func(t *T) {
		one := tenant(t)
		for i, text := range []string{"Caf\u00e9 ", "cafe\u0301", "CAFE", "\U0001f600"} {
			c := newCompany(one, string(rune('A'+i)))
			c.SearchText = text
			company(t, c)
		}
		for pattern, want := range map[string]int64{
			"%af\u00e9%": 1, "%af\u00e9": 0, "%af\u00e9 %": 1, "%cafe%": 1, "%CAFE%": 1, "%cAFE%": 0, "%\u0301": 1,
			"\U0001f600": 1, "_": 1, "\U0001f601": 0, "____": 1, "_____": 2, "": 0,
		} {
			got := query(t, t.store.CountCompanies, db.CountCompaniesParams{TenantID: one, Pattern: &pattern})
			equal(t, "companies like "+pattern, got, want)
		}
	},
	"trap/if many insert the same key at once, one succeeds": func(t *T) {
		one := tenant(t)
		const many = 50
		errs := make([]error, many)
		var group sync.WaitGroup
		start := make(chan struct{})
		for i := range many {
			group.Go(func() {
				c := newCompany(one, "SAME")
				<-start
				errs[i] = t.store.InsertCompany(t.Context(), db.InsertCompanyParams(c))
			})
		}
		close(start)
		group.Wait()
		succeeded := 0
		for _, err := range errs {
			if err == nil {
				succeeded++
				continue
			}
			isViolation(t, err, store.Unique, "companies_tenant_id_code_key")
		}
		equal(t, "successful inserts", succeeded, 1)
		equal(t, "companies", query(t, t.store.CountCompanies, db.CountCompaniesParams{TenantID: one}), 1)
	},
}

var valueTraps = map[string]func(*T){
	"trap/hard texts come back unchanged": func(t *T) {
		one := tenant(t)
		for name, text := range hardTexts {
			want := newCompany(one, text)
			want.Name, want.NameKey, want.SearchText, want.Description = text, text, text, &text
			company(t, want)
			equal(t, name, companyNow(t, want), want)
		}
	},
	"trap/texts of the greatest length come back unchanged": func(t *T) {
		for _, character := range []string{"x", "'", `\`, "\u00e9", "\U0001f600"} {
			want := newCompany(tenant(t), strings.Repeat(character, 32))
			want.Name = strings.Repeat(character, 200)
			want.NameKey = want.Name
			want.Description = new(strings.Repeat(character, 2000))
			want.Website = new(strings.Repeat(character, 500))
			want.SearchText = strings.Repeat(character, 65535/len(character))
			company(t, want)
			equal(t, character, companyNow(t, want), want)
		}
	},
	"trap/a text that is too long is refused or kept, but never cut off": func(t *T) {
		c := newCompany(tenant(t), "C")
		c.Name = strings.Repeat("x", 201)
		if err := t.store.InsertCompany(t.Context(), db.InsertCompanyParams(c)); err == nil {
			equal(t, "company", companyNow(t, c), c)
		}
	},
	"trap/a time of any zone comes back as the same moment in UTC": func(t *T) {
		for _, at := range []time.Time{
			noon(),
			noon().Truncate(time.Second),
			noon().Truncate(time.Millisecond),
			// When summer time ends, the clock shows the same hour twice.
			time.Date(2026, 10, 25, 2, 30, 0, 999999000, time.FixedZone("CEST", 2*60*60)),
			time.Date(2026, 10, 25, 2, 30, 0, 999999000, time.FixedZone("CET", 60*60)),
			time.Date(2026, 11, 23, 0, 0, 0, 1000, time.FixedZone("", -9*60*60-30*60)),
			time.Date(2024, 2, 29, 23, 59, 59, 999999000, time.FixedZone("", 14*60*60)),
			time.Unix(0, 0),
			time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC),
			time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		} {
			u := newUser(tenant(t))
			u.CreatedAt, u.LastLoginAt = at, &at
			got := userNow(t, user(t, u))
			for _, back := range []time.Time{got.CreatedAt, *got.LastLoginAt} {
				if !back.Equal(at) || back.Location() != time.UTC {
					t.Errorf("%v comes back as %v", at, back)
				}
			}
		}
	},
	"trap/times of different zones are compared as moments": func(t *T) {
		one := tenant(t)
		var want []db.Company
		for i, offset := range []int{0, 5, -5, 14, -12} {
			c := newCompany(one, string(rune('A'+i)))
			c.CreatedAt = noon().Add(time.Duration(i) * time.Minute).In(time.FixedZone("", offset*60*60))
			want = append(want, company(t, c))
		}
		for i, after := range want {
			at := after.CreatedAt.In(time.FixedZone("", -12*60*60))
			got := query(t, t.store.ListCompaniesByCreatedAt, db.ListCompaniesByCreatedAtParams{TenantID: one, AfterCreatedAt: at, AfterID: after.ID, Limit: 9})
			equal(t, "order after "+after.Code, got, append([]db.Company{}, want[i+1:]...))
		}
	},
	"trap/an update that changes nothing has found its row": func(t *T) {
		u := user(t, memberOf(account(t, newAccount()), tenant(t)))
		arg := db.RecordUserLoginParams{LastLoginAt: new(noon()), TenantID: u.TenantID, ID: u.ID, AccountID: u.AccountID}
		equal(t, "rows", query(t, t.store.RecordUserLogin, arg), 1)
		equal(t, "rows the second time", query(t, t.store.RecordUserLogin, arg), 1)
	},
	"trap/null and empty are different": func(t *T) {
		empty, null := newCompany(tenant(t), "C"), newCompany(tenant(t), "C")
		empty.Description, empty.Email, empty.Country = new(""), new(""), new("")
		equal(t, "empty", companyNow(t, company(t, empty)), empty)
		equal(t, "null", companyNow(t, company(t, null)), null)
	},
	"trap/numbers of 64 bits come back unchanged": func(t *T) {
		for _, n := range []int64{math.MinInt64, -1, 0, 1, 1<<53 + 1, math.MaxInt64} {
			want := newTenant()
			want.MaxCompanies, want.MaxUsers, want.Version = &n, &n, n
			exec(t, t.store.InsertTenant, db.InsertTenantParams(want))
			equal(t, "tenant", query(t, t.store.GetTenant, db.GetTenantParams{ID: want.ID}), want)
		}
	},
	"trap/JSON comes back with the same meaning": func(t *T) {
		one := tenant(t)
		for name, text := range hardTexts {
			changes, err := json.Marshal(map[string]any{name: map[string]any{"before": nil, "after": text}, text: []any{1, 1.5, true, "\x00"}})
			if err != nil {
				t.Fatal(err)
			}
			entry := newAuditEntry(one)
			entry.Changes = changes
			var got, want any
			if err := errors.Join(json.Unmarshal(auditEntry(t, entry).Changes, &got), json.Unmarshal(changes, &want)); err != nil {
				t.Fatal(err)
			}
			equal(t, name, got, want)
		}
	},
}
