package httpapi

import (
	"context"
	"net/http"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/paging"
)

const auditLogsPath = "/api/v1/audit/logs"

// ListAuditLogs returns a page of audit entries.
func (h *Handlers) ListAuditLogs(ctx context.Context, r api.ListAuditLogsRequestObject) (api.ListAuditLogsResponseObject, error) {
	page, err := h.Audit.List(ctx, access.PrincipalFrom(ctx), r.Params)
	if err != nil {
		return nil, err
	}
	next, link := paging.Next(ctx, auditLogsPath, page.NextCursor)
	return api.ListAuditLogs200JSONResponse{
		Body:    api.AuditEntryPage{Items: paging.Items(page.Items, toAPIAuditEntry), NextCursor: next, Total: page.Total},
		Headers: api.ListAuditLogs200ResponseHeaders{Link: link},
	}, nil
}

// GetAuditLog returns an audit entry.
func (h *Handlers) GetAuditLog(ctx context.Context, r api.GetAuditLogRequestObject) (api.GetAuditLogResponseObject, error) {
	e, err := h.Audit.Get(ctx, access.PrincipalFrom(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	return api.GetAuditLog200JSONResponse(toAPIAuditEntry(e)), nil
}

// GetAuditStats counts audit entries.
func (h *Handlers) GetAuditStats(ctx context.Context, r api.GetAuditStatsRequestObject) (api.GetAuditStatsResponseObject, error) {
	stats, err := h.Audit.Stats(ctx, access.PrincipalFrom(ctx), r.Params)
	if err != nil {
		return nil, err
	}
	return api.GetAuditStats200JSONResponse(toAPIAuditStats(stats)), nil
}

func toAPIAuditStats(s audit.Stats) api.AuditStats {
	return api.AuditStats{
		From: toAPITime(s.Since), To: toAPITime(s.Before), Total: s.Total,
		ByAction: paging.Items(s.ByAction, func(c db.CountAuditEntriesByActionRow) api.AuditActionCount {
			return api.AuditActionCount{Action: c.Action, Entries: c.Entries}
		}),
		ByActor: paging.Items(s.ByActor, func(c db.CountAuditEntriesByActorRow) api.AuditActorCount {
			return api.AuditActorCount{ActorID: *c.ActorID, ActorEmail: c.ActorEmail, Entries: c.Entries}
		}),
		ByDay: paging.Items(s.ByDay, func(c db.CountAuditEntriesByDayRow) api.AuditDayCount {
			return api.AuditDayCount{Day: c.OccurredOn, Entries: c.Entries}
		}),
	}
}

// ExportAuditLogs writes audit entries as one stream.
func (h *Handlers) ExportAuditLogs(ctx context.Context, r api.ExportAuditLogsRequestObject) (api.ExportAuditLogsResponseObject, error) {
	in := r.Params
	format := api.AuditExportFormatNdjson
	if in.Format != nil {
		format = *in.Format
	}
	limited, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	export, err := h.Audit.Export(limited, access.PrincipalFrom(ctx), format, api.ListAuditLogsParams{
		ActorID: in.ActorID, Action: in.Action, EntityType: in.EntityType, EntityID: in.EntityID, Outcome: in.Outcome,
		IP: in.IP, RequestID: in.RequestID, From: in.From, To: in.To, Q: in.Q,
	})
	if err != nil {
		return nil, err
	}
	// What fails up to here is a problem like any other; after the first byte it is too late for
	// one.
	first, err := nextBatch(ctx, export.Next)
	if err != nil {
		return nil, err
	}
	return auditExport(func(w http.ResponseWriter) error {
		h := w.Header()
		h.Set("Content-Disposition", `attachment; filename="audit-`+export.StartedAt.Format("20060102T150405Z")+"."+string(format)+`"`)
		if format == api.AuditExportFormatCsv {
			h.Set("Content-Type", "text/csv; charset=utf-8")
			return streamAuditEntries(ctx, w, newCSVRows(w), first, export.Next)
		}
		h.Set("Content-Type", "application/x-ndjson")
		return streamAuditEntries(ctx, w, newJSONLines(w), first, export.Next)
	}), nil
}

// auditExport writes a reply as it comes, where the generated ones have it in memory.
type auditExport func(http.ResponseWriter) error

// VisitExportAuditLogsResponse writes the reply.
func (write auditExport) VisitExportAuditLogsResponse(w http.ResponseWriter) error { return write(w) }
