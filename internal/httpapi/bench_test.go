package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/paging"
)

// BenchmarkStage measures the stages around a service's call separately: routing, conversion and
// encoding. The earlier stages are measured in internal/middleware, tokens in internal/auth.
func BenchmarkStage(b *testing.B) {
	e := echo.New()
	api.RegisterHandlers(e, api.NewStrictHandler(&Handlers{}, nil))
	id := uuid.Must(uuid.NewV7())
	path := "/api/v1/org/companies/" + id.String()
	c := e.NewContext(httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder())
	email, country, now := "info@acme.example", "GB", time.Now().UTC()
	rows := make([]db.Company, 20)
	for i := range rows {
		rows[i] = db.Company{
			TenantID: id, ID: id, Code: "ACME", Name: "Acme Ltd", Email: &email, Country: &country, IsActive: true,
			CreatedAt: now, UpdatedAt: now, Version: 1,
		}
	}
	one, page := resources.ToAPICompany(rows[0]), paging.Items(rows, resources.ToAPICompany)
	for name, stage := range map[string]func() error{
		"router":            func() error { e.Router().Find(http.MethodGet, path, c); return nil },
		"convert/1-company": func() error { one = resources.ToAPICompany(rows[0]); return nil },
		"convert/20":        func() error { page = paging.Items(rows, resources.ToAPICompany); return nil },
		"encode/1-company": func() error {
			return api.GetCompany200JSONResponse{Body: one}.VisitGetCompanyResponse(httptest.NewRecorder())
		},
		"encode/20": func() error {
			return api.ListCompanies200JSONResponse{Body: api.CompanyPage{Items: page}}.VisitListCompaniesResponse(httptest.NewRecorder())
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := stage(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
