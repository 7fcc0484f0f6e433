package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/accept"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/pages"
)

const (
	htmlType     = "text/html"
	jsonType     = "application/json"
	markdownType = "text/markdown"
)

// wantsPage reports whether a request is that of a browser rather than of a program that gets the
// other type.
func wantsPage(ctx context.Context, other string) bool {
	return accept.Prefers(access.RequestFrom(ctx).Accept, htmlType, other)
}

// GetIndex says what this is.
func (h *Handlers) GetIndex(ctx context.Context, _ api.GetIndexRequestObject) (api.GetIndexResponseObject, error) {
	if wantsPage(ctx, jsonType) {
		health := h.Health.Check(ctx)
		page, err := h.Pages.Landing(pages.Landing{Environment: h.System.Environment, Health: health, Logins: h.demoLogins(ctx)})
		return pageReply{page}, err
	}
	body, err := json.Marshal(api.Index{
		Name: h.System.Name, Version: h.System.Version,
		Links: api.IndexLinks{
			Docs: "/api/docs", Redoc: "/api/redoc", OpenapiJSON: "/api/openapi.json", OpenapiYAML: "/api/openapi.yaml",
			Errors: "/errors", Health: "/api/health", Info: "/api/system/info",
		},
	})
	return textReply{jsonType, string(body)}, err
}

// demoLogins are none where there is no demo.
func (h *Handlers) demoLogins(ctx context.Context) []pages.Login {
	if h.Demo == nil {
		return nil
	}
	return h.Demo(ctx)
}

// GetDocs returns Swagger UI.
func (h *Handlers) GetDocs(ctx context.Context, _ api.GetDocsRequestObject) (api.GetDocsResponseObject, error) {
	page, err := h.Pages.Docs(h.demoLogins(ctx))
	return pageReply{page}, err
}

// GetRedoc returns ReDoc.
func (h *Handlers) GetRedoc(context.Context, api.GetRedocRequestObject) (api.GetRedocResponseObject, error) {
	page, err := h.Pages.Redoc()
	return pageReply{page}, err
}

// GetAsset returns a file of the pages.
func (h *Handlers) GetAsset(ctx context.Context, r api.GetAssetRequestObject) (api.GetAssetResponseObject, error) {
	file, ok, err := h.Pages.Asset(r.Name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errs.New(errs.NotFound, "There is no such file. The pages link to the existing files.")
	}
	return assetReply{file, access.RequestFrom(ctx).Encodings}, nil
}

// ListErrorCodes lists the catalogue of error codes.
func (h *Handlers) ListErrorCodes(ctx context.Context, _ api.ListErrorCodesRequestObject) (api.ListErrorCodesResponseObject, error) {
	if !wantsPage(ctx, markdownType) {
		return textReply{markdownType, pages.ErrorCodesMarkdown()}, nil
	}
	page, err := h.Pages.ErrorCodes()
	return pageReply{page}, err
}

// GetErrorCode explains an error code.
func (h *Handlers) GetErrorCode(ctx context.Context, r api.GetErrorCodeRequestObject) (api.GetErrorCodeResponseObject, error) {
	code, forPerson := errs.Code(r.Code), wantsPage(ctx, markdownType)
	if !code.IsKnown() && forPerson {
		page, err := h.Pages.UnknownErrorCode()
		return pageReply{page}, err
	}
	if !code.IsKnown() {
		return nil, errs.New(errs.NotFound, "There is no such error code. /errors lists all of them.")
	}
	if !forPerson {
		return textReply{markdownType, pages.ErrorCodeMarkdown(code)}, nil
	}
	page, err := h.Pages.ErrorCode(code)
	return pageReply{page}, err
}

// pageReply is a page as the reply of any operation. The same address may have another type for
// others.
type pageReply struct{ page pages.Page }

func (r pageReply) write(w http.ResponseWriter) error {
	w.Header().Add("Vary", "Accept")
	return r.page.Write(w)
}

// textReply is what programs get where browsers get a page.
type textReply struct{ contentType, body string }

func (r textReply) write(w http.ResponseWriter) error {
	contentType := r.contentType
	if strings.HasPrefix(contentType, "text/") {
		contentType += "; charset=utf-8"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Add("Vary", "Accept")
	w.WriteHeader(http.StatusOK)
	_, err := io.WriteString(w, r.body)
	return err
}

type assetReply struct {
	file      pages.Asset
	encodings []string
}

// What the generated handlers call.

func (r pageReply) VisitGetIndexResponse(w http.ResponseWriter) error       { return r.write(w) }
func (r pageReply) VisitGetDocsResponse(w http.ResponseWriter) error        { return r.write(w) }
func (r pageReply) VisitGetRedocResponse(w http.ResponseWriter) error       { return r.write(w) }
func (r pageReply) VisitListErrorCodesResponse(w http.ResponseWriter) error { return r.write(w) }
func (r pageReply) VisitGetErrorCodeResponse(w http.ResponseWriter) error   { return r.write(w) }
func (r textReply) VisitGetIndexResponse(w http.ResponseWriter) error       { return r.write(w) }
func (r textReply) VisitListErrorCodesResponse(w http.ResponseWriter) error { return r.write(w) }
func (r textReply) VisitGetErrorCodeResponse(w http.ResponseWriter) error   { return r.write(w) }
func (r assetReply) VisitGetAssetResponse(w http.ResponseWriter) error {
	return r.file.Write(w, r.encodings)
}
