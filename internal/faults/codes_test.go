package faults_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

// refuseCompanies are the statements that make the database refuse each new company with the error
// code in its tax id.
var refuseCompanies = map[store.Engine][]string{
	store.Postgres: {
		`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hush' USING ERRCODE = NEW.tax_id; END $$`,
		`CREATE TRIGGER refuse BEFORE INSERT ON companies FOR EACH ROW EXECUTE FUNCTION refuse()`,
	},
	store.MySQL: {`CREATE TRIGGER refuse BEFORE INSERT ON companies FOR EACH ROW BEGIN
		DECLARE code INT DEFAULT NEW.tax_id; SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = code, MESSAGE_TEXT = 'hush'; END`},
}

// An error of a database server that lacks a resource is 503 with Retry-After, and not an error of
// the program.
func TestDatabaseServerErrorsGet503(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		codes := map[store.Engine][]string{
			store.Postgres: {"53000", "53200", "53300", "53400", "57014", "57P01", "57P03", "08006", "25P04"},
			store.MySQL:    {"1037", "1038", "1040", "1041", "1047", "1053", "1135", "1203", "1226", "1317", "1927", "1969", "3024"},
		}[a.Engine]
		unwritable := map[store.Engine][]string{
			store.Postgres: {"53100", "58030", "25006"},
			store.MySQL:    {"3", "1021", "1026", "1030", "1114", "1180", "1290", "1792", "1836"},
		}[a.Engine]
		if codes == nil {
			return // a trigger can't raise SQLite's error codes
		}
		admin := a.Actor(t, access.Admin)
		for _, statement := range refuseCompanies[a.Engine] {
			a.Exec(t, statement)
		}
		refused := func(code string) {
			t.Helper()
			reply := admin.Do(t, http.MethodPost, companiesPath, `{"code":"X","name":"X","tax_id":"`+code+`"}`)
			after, err := strconv.Atoi(reply.Header.Get("Retry-After"))
			if reply.Status != http.StatusServiceUnavailable || err != nil || after < 1 || strings.Contains(string(reply.Body), "hush") {
				t.Errorf("%s: %d, Retry-After %q: %s; want 503", code, reply.Status, reply.Header.Get("Retry-After"), reply.Body)
			}
		}
		health := func() api.Health {
			t.Helper()
			a.Clock.Advance(time.Second) // until then the cached state is reported
			return apitest.Decode[api.Health](t, a.Do(t, http.MethodGet, "/api/health", "").Want(t, 200))
		}
		for _, code := range codes {
			refused(code)
		}
		if got := health(); got.Status != api.HealthStatusOk {
			t.Errorf("health %+v while the database is writable", got)
		}
		for _, code := range unwritable {
			refused(code)
			if got := health(); got.Status != api.HealthStatusDegraded || got.Components.Database.Status != api.ComponentStatusDegraded {
				t.Errorf("health %+v after %s, want degraded", got, code)
			}
		}
		admin.Do(t, http.MethodGet, companiesPath, "").Want(t, 200)
		if n := strings.Count(a.Log.String(), `"msg":"the database takes no changes"`); n != 1 {
			t.Errorf("the log says %d times that the database takes no changes, want once:\n%s", n, a.Log)
		}
	})
}
