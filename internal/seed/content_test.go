package seed_test

import (
	"database/sql"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	_ "modernc.org/sqlite"             // the driver sqlite

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// database is a new database for a test, which can read it directly.
type database struct {
	url   string
	store *store.Store
}

func newDatabase(t *testing.T, engine store.Engine) database {
	t.Helper()
	databaseURL := storetest.NewMigratedURL(t, engine)
	return database{url: databaseURL, store: storetest.Open(t, databaseURL)}
}

func (d database) seed(t *testing.T, opts seed.Options) seed.Report {
	t.Helper()
	report, err := seed.Run(t.Context(), d.store, keys(t), passwords(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// content has every column of every loaded row, in order of creation, except for the password
// hashes, whose salt differs with each run.
type content struct {
	Tenants      []db.Tenant
	Companies    []db.Company
	Branches     []db.Branch
	Departments  []db.Department
	Users        []db.User
	AuditEntries []db.AuditEntry
	AuditLinks   []db.AuditLink
	AuditSeals   []db.AuditSeal
}

// of returns the rows of one tenant.
func (c content) of(t *testing.T, code string) content {
	t.Helper()
	var out content
	for _, tenant := range c.Tenants {
		if tenant.Code == code {
			out.Tenants = append(out.Tenants, tenant)
		}
	}
	if len(out.Tenants) != 1 {
		t.Fatalf("%d tenants with code %s; want one", len(out.Tenants), code)
	}
	id := out.Tenants[0].ID
	out.Companies = only(c.Companies, func(r db.Company) bool { return r.TenantID == id })
	out.Branches = only(c.Branches, func(r db.Branch) bool { return r.TenantID == id })
	out.Departments = only(c.Departments, func(r db.Department) bool { return r.TenantID == id })
	out.Users = only(c.Users, func(r db.User) bool { return r.TenantID == id })
	out.AuditEntries = only(c.AuditEntries, func(r db.AuditEntry) bool { return r.TenantID == id })
	out.AuditLinks = only(c.AuditLinks, func(r db.AuditLink) bool { return r.TenantID == id })
	out.AuditSeals = only(c.AuditSeals, func(r db.AuditSeal) bool { return r.TenantID == id })
	return out
}

func only[Row any](list []Row, wanted func(Row) bool) []Row {
	return slices.DeleteFunc(slices.Clone(list), func(r Row) bool { return !wanted(r) })
}

// expectSame compares first and computes the difference only if there is one, because that is slow.
func expectSame(t *testing.T, want, got content) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Errorf("content (-want +got):\n%s", cmp.Diff(want, got))
	}
}

func (d database) content(t *testing.T) content {
	t.Helper()
	pool := openSQL(t, d.store.Engine(), d.url)
	c := content{
		Tenants:      readAll[db.Tenant](t, pool, "tenants", "id"),
		Companies:    readAll[db.Company](t, pool, "companies", "id"),
		Branches:     readAll[db.Branch](t, pool, "branches", "id"),
		Departments:  readAll[db.Department](t, pool, "departments", "id"),
		Users:        readAll[db.User](t, pool, "users", "id"),
		AuditEntries: readAll[db.AuditEntry](t, pool, "audit_entries", "id"),
		AuditLinks:   readAll[db.AuditLink](t, pool, "audit_links", "entry_id"),
		AuditSeals:   readAll[db.AuditSeal](t, pool, "audit_seals", "tenant_id, number"),
	}
	for i := range c.AuditEntries {
		c.AuditEntries[i].Changes = canonical(t, c.AuditEntries[i].Changes)
	}
	return c
}

func openSQL(t *testing.T, engine store.Engine, databaseURL string) *sql.DB {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	driver, dsn := "pgx", databaseURL
	switch engine {
	case store.MySQL:
		config := mysql.NewConfig()
		config.User = u.User.Username()
		config.Passwd, _ = u.User.Password()
		config.Net, config.Addr, config.DBName, config.ParseTime = "tcp", u.Host, strings.TrimPrefix(u.Path, "/"), true
		driver, dsn = "mysql", config.FormatDSN()
	case store.SQLite:
		driver, dsn = "sqlite", "file:"+u.Path[1:]+"?_texttotime=1&_timezone=UTC"
	}
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// readAll returns the rows of a table in the order of its key. The columns are the fields of Row.
func readAll[Row any](t *testing.T, pool *sql.DB, table, key string) []Row {
	t.Helper()
	var columns []string
	for field := range reflect.TypeFor[Row]().Fields() {
		columns = append(columns, field.Tag.Get("json"))
	}
	found, err := pool.QueryContext(t.Context(), "SELECT "+strings.Join(columns, ", ")+" FROM "+table+" ORDER BY "+key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	var list []Row
	for found.Next() {
		var row Row
		v := reflect.ValueOf(&row).Elem()
		into := make([]any, v.NumField())
		for i := range into {
			into[i] = v.Field(i).Addr().Interface()
			if raw, ok := into[i].(*json.RawMessage); ok {
				into[i] = (*[]byte)(raw)
			}
		}
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i := range into {
			switch at := into[i].(type) {
			case *time.Time:
				*at = at.UTC()
			case **time.Time:
				if *at != nil {
					**at = (*at).UTC()
				}
			}
		}
		list = append(list, row)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// canonical sorts the keys of a JSON value, because MySQL stores them in an order of its own.
func canonical(t *testing.T, raw json.RawMessage) json.RawMessage {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return sorted
}
