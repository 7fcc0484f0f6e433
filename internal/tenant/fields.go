package tenant

import (
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/patch"
	"github.com/tenantry/tenantry/internal/records"
)

// apply copies the fields that are in the request into t.
func apply(t *db.Tenant, in api.TenantUpdate) {
	patch.Set(&t.Code, records.UpperCase(in.Code))
	patch.Set(&t.Tier, (*string)(in.Tier))
	patch.Set(&t.Name, in.Name)
	patch.Apply(&t.MaxCompanies, in.MaxCompanies)
	patch.Apply(&t.MaxUsers, in.MaxUsers)
	patch.Apply(&t.ContactName, in.ContactName)
	patch.Apply(&t.ContactEmail, in.ContactEmail)
	patch.Apply(&t.ContactPhone, in.ContactPhone)
}

// Derive sets the derived columns. The program computes them, so that all engines sort and search
// alike.
func Derive(t *db.Tenant) {
	t.NameKey = strings.ToLower(t.Name)
	t.SearchText = records.SearchText(&t.Code, &t.Name, t.ContactName, records.EmailText(t.ContactEmail))
}
