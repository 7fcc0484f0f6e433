package isolation

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Report has the results of a run.
type Report struct {
	Results []Result
	Skipped []string // what wasn't tried, with the reason
}

// Result has the violations of one operation.
type Result struct {
	Operation  string      `json:"operation"`
	Method     string      `json:"method"`
	Path       string      `json:"path"`
	Requests   int         `json:"requests"`
	Violations []Violation `json:"violations"`
}

// Violation is a broken promise.
type Violation struct {
	Principal string `json:"principal"` // the name of the principal
	Aim       string `json:"aim"`       // the kind of id or attack
	Want      string `json:"want"`
	Found     string `json:"found"`
	Curl      string `json:"curl"` // the request, with variables instead of secrets
}

// Violations returns the number of violations.
func (r Report) Violations() int {
	n := 0
	for _, result := range r.Results {
		n += len(result.Violations)
	}
	return n
}

// Requests returns the number of requests sent.
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

// String describes the violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s, %s: want %s; %s", v.Principal, v.Aim, v.Want, v.Found)
}

var notInNames = regexp.MustCompile(`[^A-Z0-9]+`)

// curl returns the request as a shell command, with variables instead of secrets.
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

// withoutSecrets returns a body with its secrets replaced by their names.
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
