package middleware

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestInvalidMethodsAreRefused(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]int{
		"GET": 200, "PUT": 405, "get": 405, "M-SEARCH": 405, "GE T": 400, "GET\n": 400, "": 400, "<b>": 400, "G\u00c4T": 400, "GET\u0000": 400, "a/b": 400,
	} {
		s := serve(t, ok)
		r := httptest.NewRequest(http.MethodGet, "/open", nil)
		r.Method = method // as with HTTP/2
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: status %d, want %d: %s", method, w.Code, want, w.Body)
		}
		if want == 400 && readProblem(t, w).Code != "malformed_request" {
			t.Errorf("%q: %s, want malformed_request as by HTTP/1.1", method, w.Body)
		}
	}
}

func TestAllowHasHeadWhereItHasGet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ method, target, allow string }{
		{http.MethodPost, "/open", "OPTIONS, GET, HEAD"},
		{http.MethodOptions, "/open", "OPTIONS, GET, HEAD"},
		{http.MethodPost, "/things/1", "OPTIONS, PUT"},
		{http.MethodPost, "/nothing", ""},
	} {
		w := serve(t, ok).do(t.Context(), test.method, test.target, "")
		if got := w.Header().Get("Allow"); got != test.allow {
			t.Errorf("%s %s: Allow %q, want %q", test.method, test.target, got, test.allow)
		}
	}
}
