package middleware

import "testing"

func TestAcceptable(t *testing.T) {
	t.Parallel()
	jsonOnly, jsonOrYAML := []string{"application/json"}, []string{"application/json", "application/yaml"}
	for _, test := range []struct {
		name    string
		headers []string
		types   []string
		want    bool
	}{
		{"no header", nil, jsonOnly, true},
		{"no body to send", []string{"text/html"}, nil, true},
		{"the type", []string{"application/json"}, jsonOnly, true},
		{"in another case", []string{"Application/JSON"}, jsonOnly, true},
		{"with parameters", []string{"application/json; charset=utf-8; q=0.1"}, jsonOnly, true},
		{"anything", []string{"*/*"}, jsonOnly, true},
		{"anything of the kind", []string{"application/*"}, jsonOnly, true},
		{"anything of another kind", []string{"text/*"}, jsonOnly, false},
		{"one of the types", []string{"application/yaml"}, jsonOrYAML, true},
		{"one of a list", []string{"text/html, application/json;q=0.5"}, jsonOnly, true},
		{"one of several headers", []string{"text/html", "application/json"}, jsonOnly, true},
		{"as browsers ask", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, jsonOnly, true},
		{"another type", []string{"application/xml"}, jsonOnly, false},
		{"a type that only begins so", []string{"application/json-seq"}, jsonOnly, false},
		{"only the type of problems", []string{"application/problem+json"}, jsonOnly, false},
		{"refused", []string{"application/json;q=0"}, jsonOnly, false},
		{"refused to three digits", []string{"application/json;q=0.000"}, jsonOnly, false},
		{"hardly wanted", []string{"application/json;q=0.001"}, jsonOnly, true},
		{"everything refused", []string{"*/*;q=0"}, jsonOnly, false},
		{"refused, but another one wanted", []string{"application/json;q=0, application/yaml"}, jsonOrYAML, true},
		{"nonsense", []string{"nonsense/"}, jsonOnly, false},
		{"nonsense beside the type", []string{"=, application/json"}, jsonOnly, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := acceptable(test.headers, test.types); got != test.want {
				t.Errorf("%t, want %t", got, test.want)
			}
		})
	}
}
