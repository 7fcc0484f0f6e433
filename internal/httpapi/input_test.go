package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

func TestBadBodies(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	admin := a.Actor(t, access.Admin)
	tests := []struct {
		name, body  string
		status      int
		place, rule string
	}{
		{"empty", " ", 400, "", "syntax"},
		{"truncated", `{"code":"X","name":"Y`, 400, "/name", "syntax"},
		{"no JSON", `code=X&name=Y`, 400, "", "syntax"},
		{"single quotes", `{'code':'X'}`, 400, "", "syntax"},
		{"trailing comma", `{"code":"X","name":"Y",}`, 400, "", "syntax"},
		{"bare word", `{"code":"X","name":NaN}`, 400, "/name", "syntax"},
		{"trailing data", `{"code":"X","name":"Y"} {}`, 422, "", "trailing_data"},
		{"trailing brace", `{"code":"X","name":"Y"}}`, 422, "", "trailing_data"},
		{"duplicate key", `{"code":"X","name":"Y","name":"Z"}`, 422, "/name", "duplicate"},
		{"duplicate key below", `{"code":"X","name":"Y","address":{"city":"A","c\u0069ty":"B"}}`, 422, "/address/city", "duplicate"},
		{"NUL", `{"code":"X","name":"Y\u0000"}`, 422, "/name", "not_allowed"},
		{"NUL in a key", `{"code":"X","name":"Y","a\u0000":1}`, 422, "/a\x00", "not_allowed"},
		{"invalid UTF-8", "{\"code\":\"X\",\"name\":\"Y\xff\"}", 422, "/name", "not_allowed"},
		{"overlong UTF-8", "{\"code\":\"X\",\"name\":\"\xc0\xaf\"}", 422, "/name", "not_allowed"},
		{"lone surrogate", `{"code":"X","name":"\ud800"}`, 422, "/name", "not_allowed"},
		{"deep nesting", strings.Repeat("[", 100_000), 422, strings.Repeat("/0", 32), "too_deep"},
		{"deep objects", strings.Repeat(`{"a":`, 10_000), 422, strings.Repeat("/a", 32), "too_deep"},
		{"array", `[]`, 422, "", "type"},
		{"null", `null`, 422, "", "type"},
		{"number", `7`, 422, "", "type"},
		{"wrong type", `{"code":"X","name":7}`, 422, "/name", "type"},
		{"string for boolean", `{"code":"X","name":"Y","is_active":"true"}`, 422, "/is_active", "type"},
		{"null in a required field", `{"code":"X","name":null}`, 422, "/name", "type"},
		{"missing", `{"code":"X"}`, 422, "/name", "required"},
		{"unknown", `{"code":"X","name":"Y","colour":"red"}`, 422, "/colour", "unknown"},
		{"unknown field by case", `{"code":"X","name":"Y","Name":"Z"}`, 422, "/Name", "unknown"},
		{"unknown nested field", `{"code":"X","name":"Y","address":{"planet":"Mars"}}`, 422, "/address/planet", "unknown"},
		{"unknown with a slash", `{"code":"X","name":"Y","a/b~c":1}`, 422, "/a~1b~0c", "unknown"},
		{"id can't be chosen", `{"code":"X","name":"Y","id":"019371a0-5c00-7b11-8c00-0a1b2c3d4e5f"}`, 422, "/id", "unknown"},
		{"empty name", `{"code":"X","name":""}`, 422, "/name", "too_short"},
		{"blank name", `{"code":"X","name":" \t"}`, 422, "/name", "pattern"},
		{"name of other blanks", `{"code":"X","name":"\u00a0\u3000\u2003"}`, 422, "/name", "pattern"},
		{"long name", `{"code":"X","name":"` + strings.Repeat("ä", 201) + `"}`, 422, "/name", "too_long"},
		{"bad code", `{"code":"A B","name":"Y"}`, 422, "/code", "pattern"},
		{"long code", `{"code":"` + strings.Repeat("A", 33) + `","name":"Y"}`, 422, "/code", "pattern"},
		{"code with a newline", `{"code":"A\n","name":"Y"}`, 422, "/code", "pattern"},
		{"code of other letters", `{"code":"ſ","name":"Y"}`, 422, "/code", "pattern"},
		{"bad e-mail", `{"code":"X","name":"Y","email":"nobody"}`, 422, "/email", "format"},
		{"script as website", `{"code":"X","name":"Y","website":"javascript:alert(1)"}`, 422, "/website", "pattern"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := admin.Do(t, http.MethodPost, companiesPath, test.body)
			reply.Want(t, test.status)
			if test.place != "" {
				reply.WantField(t, test.place, test.rule)
			} else if !strings.Contains(string(reply.Body), `"`+test.rule+`"`) {
				t.Errorf("no rule %q: %s", test.rule, reply.Body)
			}
		})
	}
	if log := a.Log.String(); strings.Contains(log, "goroutine") || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("bad input is logged as an error of the server:\n%s", log)
	}
	if left := snapshot(t, a); left != "" {
		t.Errorf("a refused request changed the data: %s", left)
	}
}

func TestLongestNamesAreAccepted(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		for _, letter := range []string{"x", "ä", "🧭", "İ", "ẞ"} {
			name := strings.Repeat(letter, 200)
			admin.Do(t, http.MethodPost, companiesPath, `{"code":"C`+strings.Repeat("A", len(letter))+`-`+string(rune('A'+len(letter)))+letterCode(letter)+`","name":"`+name+`"}`).Want(t, 201)
		}
	})
}

// letterCode returns a code made of a letter.
func letterCode(letter string) string {
	var b strings.Builder
	for _, c := range []byte(letter) {
		b.WriteByte('A' + c>>4)
		b.WriteByte('A' + c&15)
	}
	return b.String()
}

// TestErrorsDoNotRepeatSecrets sends passwords that break every rule.
func TestErrorsDoNotRepeatSecrets(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	const secret = "hunter2-marked-secret"
	for _, body := range []string{
		`{"email":"a@example.com","password":"` + secret + `"`,
		`{"email":"a@example.com","password":"` + secret + `","password":"` + secret + `"}`,
		`{"email":"a@example.com","password":["` + secret + `"]}`,
		`{"email":"a@example.com","password":"` + strings.Repeat(secret, 100) + `"}`,
		`{"email":"a@example.com","password":"` + secret + `\u0000"}`,
		`{"email":"a@example.com","password":"` + secret + `"}`,
	} {
		if reply := a.Do(t, http.MethodPost, loginPath, body); strings.Contains(string(reply.Body), secret) {
			t.Errorf("the reply repeats the password: %s", reply.Body)
		}
	}
	a.Do(t, http.MethodGet, mePath, "", apitest.Header("Authorization", "Bearer "+secret)).WantCode(t, 401, "invalid_token")
	a.Do(t, http.MethodPost, refreshPath, refreshBody(secret)).WantCode(t, 401, "invalid_token")
	if strings.Contains(a.Log.String(), secret) {
		t.Error("the log contains a password or token")
	}
}
