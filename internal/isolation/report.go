package isolation

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Report is what was found.
type Report struct {
	Results []Result
	Skipped []string // what wasn't tried, and why
}

// Result is what was found with one operation.
type Result struct {
	Operation  string      `json:"operation"`
	Method     string      `json:"method"`
	Path       string      `json:"path"`
	Requests   int         `json:"requests"`
	Violations []Violation `json:"violations"`
}

// Violation is a promise that was broken.
type Violation struct {
	Principal string `json:"principal"` // who asked
	Aim       string `json:"aim"`       // for what
	Want      string `json:"want"`
	Found     string `json:"found"`
	Curl      string `json:"curl"` // the request, with names in the place of secrets
}

// Violations is how many there are.
func (r Report) Violations() int {
	n := 0
	for _, result := range r.Results {
		n += len(result.Violations)
	}
	return n
}

// Requests is how many were sent.
func (r Report) Requests() int {
	n := 0
	for _, result := range r.Results {
		n += result.Requests
	}
	return n
}

func (r *Result) add(a *attempt, found string) {
	r.Violations = append(r.Violations, Violation{
		Principal: a.by.name, Aim: a.aim, Want: a.want.String(), Found: found, Curl: a.curl(),
	})
}

// String is one line, for a person.
func (v Violation) String() string {
	return fmt.Sprintf("%s, %s: want %s; %s", v.Principal, v.Aim, v.Want, v.Found)
}

var notInNames = regexp.MustCompile(`[^A-Z0-9]+`)

// curl is the request as a line for a shell, with the names of variables in the place of secrets.
func (a *attempt) curl() string {
	line := []string{"curl -i -X", a.request.method, `"$URL"` + quote(a.request.path)}
	if a.by.token != "" {
		line = append(line, `-H "Authorization: Bearer $`+notInNames.ReplaceAllString(strings.ToUpper(a.by.name), "_")+`_TOKEN"`)
	}
	for _, name := range []string{"If-Match", "If-None-Match"} {
		if value := a.request.header.Get(name); value != "" {
			line = append(line, "-H "+quote(name+": "+value))
		}
	}
	if a.request.body != nil {
		line = append(line, "-H 'Content-Type: application/json' -d "+quote(string(withoutSecrets(a.request.body))))
	}
	return strings.Join(line, " ")
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// withoutSecrets is a body with its secrets replaced by their names.
func withoutSecrets(body []byte) []byte {
	var fields map[string]any
	if json.Unmarshal(body, &fields) != nil {
		return nil
	}
	for name := range fields {
		if slices.ContainsFunc([]string{"password", "token"}, func(part string) bool { return strings.Contains(name, part) }) {
			fields[name] = strings.ToUpper(name)
		}
	}
	encoded, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return encoded
}
