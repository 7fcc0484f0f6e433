package proptest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/apitest"
)

// request is an encoded request.
type request struct {
	method, path, query string // path and query are escaped
	header              http.Header
	body                string
	padding             int // blanks after the body
}

func (r request) send(ctx context.Context, client *http.Client, server string) (apitest.Reply, error) {
	body := slices.Concat([]byte(r.body), bytes.Repeat([]byte(" "), r.padding))
	sent, err := http.NewRequestWithContext(ctx, r.method, server, bytes.NewReader(body))
	if err != nil {
		return apitest.Reply{}, err
	}
	if sent.URL.Path, err = url.PathUnescape(r.path); err != nil {
		return apitest.Reply{}, err
	}
	sent.URL.RawPath, sent.URL.RawQuery, sent.Header = r.path, r.query, r.header.Clone()
	response, err := client.Do(sent)
	if err != nil {
		return apitest.Reply{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return apitest.Reply{Status: response.StatusCode, Header: response.Header, Body: content}, err
}

// curl returns the request as a bash command, with variables instead of secrets.
func (r request) curl(secrets map[string]string) string {
	line := []string{"curl -i -X", r.method, `"$URL"` + quote(r.address(), secrets)}
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		for _, value := range r.header[name] {
			line = append(line, "-H "+quote(name+": "+value, secrets))
		}
	}
	switch {
	case r.padding > 0:
		line = append([]string{fmt.Sprintf("{ printf %%s %s; printf %%%ds ''; } |", quote(r.body, secrets), r.padding)}, append(line, "--data-binary @-")...)
	case r.body != "":
		line = append(line, "--data-binary "+quote(r.body, secrets))
	}
	return strings.Join(line, " ")
}

func (r request) address() string {
	if r.query == "" {
		return r.path
	}
	return r.path + "?" + r.query
}

// quote quotes a text for bash, with secrets as variables.
func quote(text string, secrets map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if before, after, found := strings.Cut(text, secrets[name]); found && secrets[name] != "" {
			return quote(before, secrets) + `"$` + name + `"` + quote(after, secrets)
		}
	}
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	// Escape bytes that a terminal would interpret.
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return "$'" + b.String() + "'"
}
