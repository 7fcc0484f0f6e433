// Package httpapi answers the operations of the document. A handler takes the principal, calls one
// method of a service and converts what comes back; an error is returned as it is.
package httpapi

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/endpoints"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/health"
	"github.com/tenantry/tenantry/internal/legacy"
	"github.com/tenantry/tenantry/internal/org"
	"github.com/tenantry/tenantry/internal/pages"
	"github.com/tenantry/tenantry/internal/telemetry"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/user"
)

// Handlers implements the interface that is generated from the document.
type Handlers struct {
	endpoints.Handlers // of the resources that sql/resources describes

	System     System
	Health     *health.Checker
	Auth       *auth.Service
	Tenants    *tenant.Service
	Users      *user.Service
	Trees      *org.Trees
	Audit      *audit.Reader
	Legacy     *legacy.Calls
	Trail      *audit.Verifier
	Operations []access.Operation
	Metrics    *telemetry.Metrics // nil: none here
	Pages      *pages.Pages
	Demo       func(context.Context) []pages.Login // nil: there is no demo
}

var _ api.StrictServerInterface = (*Handlers)(nil)

// System is what the program says of itself.
type System struct {
	Name         string
	Version      string
	Environment  api.Environment
	Features     map[string]bool
	DocumentJSON []byte
	KeySetJSON   []byte // nil: tokens can be verified only by us
}
