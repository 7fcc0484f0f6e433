// Package pages renders the pages for browsers: the landing page, two views of the document, and
// the explanations of the error codes. All files are embedded; nothing is fetched from other sites.
package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/errs"
)

//go:embed web/*.html
var templates embed.FS

// The content security policies of the pages (CSP level 3). They allow only what they list, only
// from this server, and no inline script.
const (
	common = "default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
	// plainPolicy is the policy of text pages.
	plainPolicy = common + "style-src 'self'"
	docsPolicy  = common + "style-src 'self'; script-src 'self'; connect-src 'self'"
	// redocPolicy allows what ReDoc needs: an empty style sheet to which it adds rules, one with a
	// fixed text, and a worker for its search.
	redocPolicy = common + "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='; " +
		"script-src 'self'; connect-src 'self'; worker-src blob:"
)

// Pages renders the pages.
type Pages struct {
	name, version string
	assets        func() (*assets, error) // loaded at the first request
	templates     *template.Template
}

// New returns the pages of an installation with this name, for a program of this version.
func New(name, version string) (*Pages, error) {
	p := &Pages{name: name, version: version, assets: sync.OnceValues(loadAssets)}
	var err error
	functions := template.FuncMap{
		"asset": p.address, "text": withCode, "guides": guides, "repository": func() string { return repository },
	}
	if p.templates, err = template.New("").Funcs(functions).ParseFS(templates, "web/*.html"); err != nil {
		return nil, fmt.Errorf("read the templates of pages: %w", err)
	}
	return p, nil
}

// Page is an HTML reply.
type Page struct {
	status int
	policy string
	body   []byte
}

// Landing is the content of the landing page.
type Landing struct {
	Environment api.Environment
	Health      api.Health
	Logins      []Login // of the demo data; empty without demo data
}

// Login is a demo log-in.
type Login struct{ Email, Password, Who string }

// Landing returns the page at /.
func (p *Pages) Landing(l Landing) (Page, error) {
	return p.page("landing.html", plainPolicy, p.name, l)
}

// Docs returns Swagger UI, with the demo log-ins for trying it out.
func (p *Pages) Docs(logins []Login) (Page, error) {
	return p.page("docs.html", docsPolicy, "Try it out", logins)
}

// Redoc returns ReDoc.
func (p *Pages) Redoc() (Page, error) { return p.page("redoc.html", redocPolicy, "Reference", nil) }

// ErrorCodes returns the list of all error codes.
func (p *Pages) ErrorCodes() (Page, error) {
	return p.page("errors.html", plainPolicy, "Error codes", errs.Sorted())
}

// ErrorCode returns the explanation of a code of the catalogue.
func (p *Pages) ErrorCode(code errs.Code) (Page, error) {
	return p.page("error.html", plainPolicy, string(code), code)
}

// UnknownErrorCode returns the page, with status 404, for a code that isn't in the catalogue.
func (p *Pages) UnknownErrorCode() (Page, error) {
	page, err := p.page("unknown.html", plainPolicy, "No such error code", nil)
	page.status = http.StatusNotFound
	return page, err
}

// Asset returns a file by the name in its address; ok is false if there is none.
func (p *Pages) Asset(name string) (f Asset, ok bool, err error) {
	a, err := p.assets()
	if err != nil {
		return Asset{}, false, err
	}
	f, ok = a.files[name]
	return f, ok, nil
}

// address returns the address of a file, for templates.
func (p *Pages) address(file string) (string, error) {
	a, err := p.assets()
	if err != nil {
		return "", err
	}
	return a.address(file)
}

// content is the data of every template.
type content struct {
	Name, Version, Title string
	About                any
}

func (p *Pages) page(file, policy, title string, about any) (Page, error) {
	var body bytes.Buffer
	if err := p.templates.ExecuteTemplate(&body, file, content{Name: p.name, Version: p.version, Title: title, About: about}); err != nil {
		return Page{}, fmt.Errorf("make the page %s: %w", file, err)
	}
	return Page{status: http.StatusOK, policy: policy, body: body.Bytes()}, nil
}

// Write sends the page.
func (p Page) Write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", p.policy)
	w.WriteHeader(p.status)
	_, err := w.Write(p.body)
	return err
}

var inBackquotes = regexp.MustCompile("`([^`]*)`")

// withCode converts text with code in backquotes to HTML.
func withCode(text string) template.HTML {
	return template.HTML(inBackquotes.ReplaceAllString(html.EscapeString(text), "<code>$1</code>")) //nolint:gosec // it is escaped
}

// ErrorCodesMarkdown returns the list of all error codes for clients that don't want HTML.
func ErrorCodesMarkdown() string {
	var b strings.Builder
	b.WriteString("# Error codes\n\n")
	for _, code := range errs.Sorted() {
		fmt.Fprintf(&b, "- [%s](/errors/%s) (%d): %s\n", code, code, code.Status(), code.Title())
	}
	return b.String()
}

// ErrorCodeMarkdown returns the explanation of a code of the catalogue for clients that don't want
// HTML.
func ErrorCodeMarkdown(code errs.Code) string {
	e := code.Explanation()
	return fmt.Sprintf("# %s: %s\n\nStatus %d. %s\n\n## When it happens\n\n%s\n\n## What to do\n\n%s\n",
		code, code.Title(), code.Status(), e.Meaning, e.When, e.Remedy)
}
