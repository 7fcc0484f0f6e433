package httpapi

import (
	"bytes"
	"context"
	"net/http"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/legacy"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/openapi"
)

// GetHealth says whether the program and what it needs are well.
func (h *Handlers) GetHealth(ctx context.Context, _ api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	state := h.Health.Check(ctx)
	state.Version = h.System.Version
	if state.Status == api.HealthStatusDown {
		return api.GetHealth503JSONResponse(state), nil
	}
	return api.GetHealth200JSONResponse(state), nil
}

// GetLiveness says that the process is alive.
func (h *Handlers) GetLiveness(context.Context, api.GetLivenessRequestObject) (api.GetLivenessResponseObject, error) {
	return api.GetLiveness200JSONResponse{Status: api.LivenessStatusOk}, nil
}

// GetSystemInfo says what runs here.
func (h *Handlers) GetSystemInfo(context.Context, api.GetSystemInfoRequestObject) (api.GetSystemInfoResponseObject, error) {
	return api.GetSystemInfo200JSONResponse{
		Name: h.System.Name, Version: h.System.Version, Environment: h.System.Environment,
		APIVersions: []string{"v1"}, Features: h.System.Features,
	}, nil
}

// ListDeprecations says who still calls the predecessor's paths.
func (h *Handlers) ListDeprecations(ctx context.Context, _ api.ListDeprecationsRequestObject) (api.ListDeprecationsResponseObject, error) {
	calls, err := h.Legacy.List(ctx)
	if err != nil {
		return nil, err
	}
	return api.ListDeprecations200JSONResponse{
		DeprecatedAt: toAPITime(legacy.Deprecated), SunsetAt: toAPITime(legacy.Sunset), Items: paging.Items(calls, toAPILegacyCalls),
	}, nil
}

// GetOpenAPIJSON returns the document as JSON.
func (h *Handlers) GetOpenAPIJSON(context.Context, api.GetOpenAPIJSONRequestObject) (api.GetOpenAPIJSONResponseObject, error) {
	return documentJSON(h.System.DocumentJSON), nil
}

// documentJSON is the document, encoded beforehand.
type documentJSON []byte

// VisitGetOpenAPIJSONResponse writes the document.
func (d documentJSON) VisitGetOpenAPIJSONResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(d)
	return err
}

// GetOpenAPIYAML returns the document as it was written.
func (h *Handlers) GetOpenAPIYAML(context.Context, api.GetOpenAPIYAMLRequestObject) (api.GetOpenAPIYAMLResponseObject, error) {
	return api.GetOpenAPIYAML200ApplicationYAMLResponse{
		Body: bytes.NewReader(openapi.YAML), ContentLength: int64(len(openapi.YAML)),
	}, nil
}

// GetKeySet returns the public keys of the tokens' signatures.
func (h *Handlers) GetKeySet(context.Context, api.GetKeySetRequestObject) (api.GetKeySetResponseObject, error) {
	if h.System.KeySetJSON == nil {
		return nil, errs.New(errs.NotFound, "Tokens are signed with a secret here, so only this service can verify them.")
	}
	return keySetJSON(h.System.KeySetJSON), nil
}

// keySetJSON is the key set, encoded once at the start.
type keySetJSON []byte

// VisitGetKeySetResponse writes the key set.
func (k keySetJSON) VisitGetKeySetResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(k)
	return err
}
