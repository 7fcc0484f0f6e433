package tenant

import (
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/patch"
	"github.com/tenantry/tenantry/internal/search"
)

// apply puts the fields that are in the request into t.
func apply(t *db.Tenant, in api.TenantUpdate) {
	if in.Code != nil {
		t.Code = strings.ToUpper(*in.Code)
	}
	if in.Tier != nil {
		t.Tier = string(*in.Tier)
	}
	patch.Set(&t.Name, in.Name)
	patch.Apply(&t.MaxCompanies, in.MaxCompanies)
	patch.Apply(&t.MaxUsers, in.MaxUsers)
	patch.Apply(&t.ContactName, in.ContactName)
	patch.Apply(&t.ContactEmail, in.ContactEmail)
	patch.Apply(&t.ContactPhone, in.ContactPhone)
	Derive(t)
}

// Derive sets the columns that are made from others. They are made here, so that all engines sort and search alike.
func Derive(t *db.Tenant) {
	t.NameKey = strings.ToLower(t.Name)
	parts := []string{t.Code, t.Name}
	if t.ContactName != nil {
		parts = append(parts, *t.ContactName)
	}
	if t.ContactEmail != nil {
		parts = append(parts, email.SearchText(*t.ContactEmail))
	}
	t.SearchText = search.Text(parts...)
}
