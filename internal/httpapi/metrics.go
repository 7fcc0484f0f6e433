package httpapi

import (
	"context"
	"net/http"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/telemetry"
)

// GetMetrics answers Prometheus.
func (h *Handlers) GetMetrics(context.Context, api.GetMetricsRequestObject) (api.GetMetricsResponseObject, error) {
	if h.Metrics == nil {
		return nil, errs.New(errs.NotFound, "There are no metrics here.")
	}
	return metricsPage{h.Metrics}, nil
}

type metricsPage struct{ *telemetry.Metrics }

// VisitGetMetricsResponse writes the metrics as they are now.
func (m metricsPage) VisitGetMetricsResponse(w http.ResponseWriter) error {
	m.WriteText(w)
	return nil
}
