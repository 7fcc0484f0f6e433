package accept_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/accept"
)

const (
	html = "text/html"
	json = "application/json"
	// The headers of Chromium, Firefox and Safari for a page.
	browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
)

func TestQuality(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		headers []string
		want    float64
	}{
		{"no header", nil, 1},
		{"the type", []string{html}, 1},
		{"with a weight", []string{"text/html;q=0.3"}, 0.3},
		{"anything", []string{"*/*;q=0.4"}, 0.4},
		{"anything of the kind", []string{"text/*;q=0.4"}, 0.4},
		{"the specific counts, wherever it stands", []string{"text/html;q=0.1, text/*;q=0.5, */*"}, 0.1},
		{"and in the other order", []string{"*/*, text/*;q=0.5, text/html;q=0.1"}, 0.1},
		{"excluded", []string{"text/html;q=0, */*"}, 0},
		{"in another header", []string{json, html}, 1},
		{"not among them", []string{json}, 0},
		{"an unreadable one is left out", []string{"=, nonsense/, text/html;q=0.5"}, 0.5},
		{"an unreadable weight is none", []string{"text/html;q=lots"}, 1},
		{"an empty header", []string{""}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := accept.Quality(test.headers, html); got != test.want {
				t.Errorf("%g, want %g", got, test.want)
			}
		})
	}
}

func TestPrefers(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		browser: true, html: true, "text/*": true, "text/html, application/json;q=0.9": true,
		"*/*": false, json: false, "application/json, text/html": false, "text/html;q=0.5, application/json": false, "text/html;q=0, */*": false, "text/css": false,
	} {
		if got := accept.Prefers([]string{header}, html, json); got != want {
			t.Errorf("%s prefers HTML to JSON: %t, want %t", header, got, want)
		}
	}
	if accept.Prefers(nil, html, json) {
		t.Error("without a header, HTML is preferred to JSON")
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"gzip": true, "gzip, deflate, br, zstd": true, "br;q=1.0, GZIP ; Q=0.5": true, "*": true, "identity, *;q=0.1": true,
		"": false, "br": false, "gzip;q=0": false, "gzip;q=0.000, *": false, "*;q=0": false, "x-gzip-not": false,
	} {
		if got := accept.Gzip([]string{header}); got != want {
			t.Errorf("%q accepts gzip: %t, want %t", header, got, want)
		}
	}
	if accept.Gzip(nil) {
		t.Error("without a header, gzip is accepted")
	}
}
