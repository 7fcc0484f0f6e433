package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/db/postgres"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/postgrestest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tools/schema"
)

func connect(t testing.TB, databaseURL string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), databaseURL) // not t.Context(), because clean-ups use it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func companyRow(tenant uuid.UUID) db.InsertCompanyParams {
	id := uuid.Must(uuid.NewV7())
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return db.InsertCompanyParams{TenantID: tenant, ID: id, Code: id.String()[4:], Name: "Company", IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1}
}

// newTenants inserts tenants, each with one company, and returns the companies.
func newTenants(t testing.TB, s *store.Store, n int) []db.InsertCompanyParams {
	t.Helper()
	companies := make([]db.InsertCompanyParams, n)
	for i := range companies {
		tenant := tenantRow()
		companies[i] = companyRow(tenant.ID)
		if err := errors.Join(s.InsertTenant(t.Context(), tenant), s.InsertCompany(t.Context(), companies[i])); err != nil {
			t.Fatal(err)
		}
	}
	return companies
}

// tablesOfTenants returns the tables with a column tenant_id.
func tablesOfTenants(t *testing.T, s *store.Store) []string {
	t.Helper()
	tables := tablesWith(t, s, "tenant_id")
	if len(tables) < 10 {
		t.Fatalf("only the tables %v of tenants were found", tables)
	}
	return tables
}

// searchedTables returns the tables that have a view for searching.
func searchedTables(t *testing.T, s *store.Store) []string {
	t.Helper()
	ofTenants := tablesOfTenants(t, s)
	tables := slices.DeleteFunc(tablesWith(t, s, "search_text"), func(table string) bool { return !slices.Contains(ofTenants, table) })
	if len(tables) < 5 {
		t.Fatalf("only the tables %v with a text to search were found", tables)
	}
	return tables
}

func tablesWith(t *testing.T, s *store.Store, column string) []string {
	t.Helper()
	var tables []string
	for _, row := range read(t, s, fmt.Sprintf(`SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = '%s'
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped ORDER BY c.relname`, column)) {
		tables = append(tables, row[0])
	}
	return tables
}

func TestEveryTableOfTenantsHasThePolicies(t *testing.T) {
	t.Parallel()
	tables, err := schema.Read("../../sql/migrations")
	if err != nil {
		t.Fatal(err)
	}
	wantPolicies(t, storetest.New(t, store.Postgres), tables)
}

// wantPolicies expects row-level security on each table with a tenant_id, with exactly the policies
// that its columns and its migration require.
func wantPolicies(t *testing.T, s *store.Store, migrations schema.Schema) {
	t.Helper()
	const own = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"
	isolation := "tenant_isolation PERMISSIVE ALL {-} " + own + " " + own
	reading := "unscoped_reading PERMISSIVE SELECT {-} (current_setting('app.unscoped'::text, true) = 'on'::text) "
	// This role owns the search views, which contain the condition on the tenant, and nothing else.
	searching := "searching PERMISSIVE SELECT {tenantry_search} true "
	searched := searchedTables(t, s)
	for _, table := range tablesOfTenants(t, s) {
		flags := read(t, s, fmt.Sprintf("SELECT relrowsecurity::text, relforcerowsecurity::text FROM pg_class WHERE oid = '%s'::regclass", table))
		if flags[0][0] != "true" || flags[0][1] != "true" {
			t.Errorf("%s: row-level security is enabled: %s, forced: %s; want both", table, flags[0][0], flags[0][1])
		}
		var got []string
		for _, row := range read(t, s, fmt.Sprintf(`SELECT concat_ws(' ', polname, CASE WHEN polpermissive THEN 'PERMISSIVE' END,
			CASE polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' ELSE polcmd::text END, polroles::regrole[]::text,
			pg_get_expr(polqual, polrelid), coalesce(pg_get_expr(polwithcheck, polrelid), '')) FROM pg_policy WHERE polrelid = '%s'::regclass ORDER BY polname`, table)) {
			got = append(got, row[0])
		}
		want := []string{isolation}
		if slices.Contains(searched, table) {
			want = []string{searching, isolation}
		}
		if migrations[table].UnscopedReading {
			want = append(want, reading)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has the policies\n%q\nwant\n%q", table, got, want)
		}
	}
}

// carried is the state that a connection must not keep from its previous user.
type carried struct {
	pid                    int
	tenant, unscoped, user string
	companies              int
}

func (c *carried) read(t *testing.T, s *store.Store) {
	t.Helper()
	err := s.Raw(t.Context(), `SELECT pg_backend_pid(), coalesce(current_setting('app.tenant_id', true), ''), coalesce(current_setting('app.unscoped', true), ''),
		current_user::text, (SELECT count(*) FROM companies)`, &c.pid, &c.tenant, &c.unscoped, &c.user, &c.companies)
	if err != nil {
		t.Fatal(err)
	}
}

var errGivenUp = errors.New("given up")

func TestConnectionDoesNotCarryTheTenantOfItsLastUser(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	owner := storetest.Open(t, databaseURL)
	companies := newTenants(t, owner, 2)
	mine, theirs := companies[0], companies[1]
	ways := map[string]struct {
		use  func(ctx context.Context, s *store.Store) error
		want func(error) bool
		lost bool // the connection is closed
	}{
		"scoped read": {use: func(ctx context.Context, s *store.Store) error {
			_, err := s.GetCompany(ctx, db.GetCompanyParams{TenantID: mine.TenantID, ID: mine.ID})
			return err
		}},
		"list": {use: func(ctx context.Context, s *store.Store) error {
			_, err := s.ListCompanyIDs(ctx, db.ListCompanyIDsParams{TenantID: mine.TenantID, Limit: 10})
			return err
		}},
		"list planned for its values": {use: func(ctx context.Context, s *store.Store) error {
			_, err := s.CountCompanies(ctx, db.CountCompaniesParams{TenantID: mine.TenantID})
			return err
		}},
		"unscoped read": {use: func(ctx context.Context, s *store.Store) error {
			_, err := s.ListMembershipsUnscoped(ctx, db.ListMembershipsUnscopedParams{AccountID: new(uuid.New())})
			return err
		}},
		"row that isn't there": {
			use: func(ctx context.Context, s *store.Store) error {
				_, err := s.GetCompany(ctx, db.GetCompanyParams{TenantID: mine.TenantID, ID: theirs.ID})
				return err
			},
			want: func(err error) bool { return errors.Is(err, store.ErrNotFound) },
		},
		"refused write": {
			use:  func(ctx context.Context, s *store.Store) error { return s.InsertCompany(ctx, mine) },
			want: store.BreaksUniqueness,
		},
		"committed": {use: func(ctx context.Context, s *store.Store) error {
			return s.Tx(ctx, func(tx store.Tx) error {
				if err := tx.InsertCompany(ctx, companyRow(mine.TenantID)); err != nil {
					return err
				}
				_, err := tx.ListMembershipsUnscoped(ctx, db.ListMembershipsUnscopedParams{AccountID: new(uuid.New())})
				return err
			})
		}},
		"rolled back": {
			use: func(ctx context.Context, s *store.Store) error {
				return s.Tx(ctx, func(tx store.Tx) error {
					return errors.Join(tx.InsertCompany(ctx, companyRow(mine.TenantID)), errGivenUp)
				})
			},
			want: func(err error) bool { return errors.Is(err, errGivenUp) },
		},
		"failed in a transaction": {
			use: func(ctx context.Context, s *store.Store) error {
				return s.Tx(ctx, func(tx store.Tx) error { return tx.InsertCompany(ctx, mine) })
			},
			want: store.BreaksUniqueness,
		},
		"failed setting": {
			use: func(ctx context.Context, s *store.Store) error {
				return s.RunAfter(ctx, "SELECT set_config('app.tenant_id', $1::uuid::text, true), set_config('timezone', 'no' || $2, true)", "SELECT count(*) FROM companies")
			},
			want: func(err error) bool { _, refused := errors.AsType[*pgconn.PgError](err); return refused },
		},
		"cancelled": {
			use: func(ctx context.Context, s *store.Store) error {
				ctx, cancel := context.WithCancel(ctx)
				return s.Tx(ctx, func(tx store.Tx) error {
					err := insertNow(ctx, tx, companyRow(mine.TenantID))
					cancel()
					return err
				})
			},
			want: func(err error) bool { return errors.Is(err, context.Canceled) },
			lost: true,
		},
		"out of time": {
			use: func(ctx context.Context, s *store.Store) error {
				row := companyRow(mine.TenantID)
				return owner.Tx(ctx, func(tx store.Tx) error {
					if err := insertNow(ctx, tx, row); err != nil {
						return err
					}
					ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
					defer cancel()
					return s.InsertCompany(ctx, row) // waits because the other transaction inserts the same key
				})
			},
			want: func(err error) bool { return errs.Is(err, errs.Timeout) },
			lost: true,
		},
	}
	for user, userURL := range map[string]string{"owner": databaseURL, "serving": storetest.ServingURL(t, databaseURL)} {
		for name, way := range ways {
			t.Run(user+"/"+name, func(t *testing.T) {
				s, err := store.Open(t.Context(), userURL, store.Options{MaxConnections: 1})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(s.Close)
				var before, after carried
				before.read(t, s)
				if before.tenant != "" || before.unscoped != "" || user == "serving" && before.companies != 0 {
					t.Fatalf("a new connection has %+v", before)
				}
				err = way.use(t.Context(), s)
				if way.want == nil && err != nil || way.want != nil && !way.want(err) {
					t.Errorf("error %v", err)
				}
				after.read(t, s)
				if way.lost {
					after.pid = before.pid
				}
				if user == "owner" {
					after.companies = before.companies // a user without the role tenantry_serving now sees all companies
				}
				if after != before {
					t.Errorf("the connection has %+v, and before it had %+v", after, before)
				}
			})
		}
	}
}

// insertNow inserts a company. It waits for the result, so that the statement isn't deferred.
func insertNow(ctx context.Context, q db.Querier, row db.InsertCompanyParams) error {
	if err := q.InsertCompany(ctx, row); err != nil {
		return err
	}
	_, err := q.GetCompany(ctx, db.GetCompanyParams{TenantID: row.TenantID, ID: row.ID})
	return err
}

func TestTransactionSeesTheTenantOfEachStatement(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	owner := storetest.Open(t, databaseURL)
	companies := newTenants(t, owner, 2)
	for user, userURL := range map[string]string{"owner": databaseURL, "serving": storetest.ServingURL(t, databaseURL)} {
		t.Run(user, func(t *testing.T) {
			s := storetest.Open(t, userURL)
			err := s.Tx(t.Context(), func(tx store.Tx) error {
				for range 2 {
					for _, c := range companies {
						if _, err := tx.LockTenant(t.Context(), db.LockTenantParams{ID: c.TenantID}); err != nil {
							return err
						}
						if _, err := tx.GetCompany(t.Context(), db.GetCompanyParams{TenantID: c.TenantID, ID: c.ID}); err != nil {
							return err
						}
						if _, err := tx.ListMembershipsUnscoped(t.Context(), db.ListMembershipsUnscopedParams{AccountID: new(uuid.New())}); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// A transaction that has read all tenants' rows doesn't keep that right. A statement of no tenant
// sees at most the rows of the previous statement's tenant.
func TestTransactionSetsOnlyTheScopeOfEachStatement(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	one, two := uuid.NewString(), uuid.NewString()
	for user, userURL := range map[string]string{"owner": databaseURL, "serving": storetest.ServingURL(t, databaseURL)} {
		s := storetest.Open(t, userURL)
		err := s.InTx(t.Context(), func(conn db.PostgresConn) error {
			for i, step := range []struct {
				way              postgres.DBTX
				tenant, unscoped string
			}{
				{conn.Shared(), "", ""},
				{conn.Tenant(uuid.MustParse(one)), one, ""},
				{conn.Shared(), one, ""},
				{conn.Unscoped(), "", "on"},
				{conn.Tenant(uuid.MustParse(two)), two, ""},
				{conn.Tenant(uuid.MustParse(one)), one, ""},
				{conn.Unscoped(), "", "on"},
				{conn.Shared(), "", ""},
			} {
				var tenant, unscoped, role string
				const ask = "SELECT coalesce(current_setting('app.tenant_id', true), ''), coalesce(current_setting('app.unscoped', true), ''), current_user::text"
				if err := step.way.QueryRow(t.Context(), ask).Scan(&tenant, &unscoped, &role); err != nil {
					return err
				}
				if tenant != step.tenant || unscoped != step.unscoped || user == "owner" && role != "tenantry_serving" {
					t.Errorf("%s, step %d: tenant %q, unscoped %q, role %s; want tenant %q, unscoped %q", user, i, tenant, unscoped, role, step.tenant, step.unscoped)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// What the serving role can't do even if an attacker controls its SQL.
func TestRowLevelSecurityLimitsTheServingRole(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	owner := storetest.Open(t, databaseURL)
	companies := newTenants(t, owner, 2)
	mine, theirs := companies[0], companies[1]
	conn := connect(t, storetest.ServingURL(t, databaseURL))
	for _, table := range tablesOfTenants(t, owner) {
		var rows int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%d rows of %s without a tenant, error %v; want none", rows, table, err)
		}
	}
	const own = "SELECT set_config('app.tenant_id', '%s', false)"
	exec(t, conn, fmt.Sprintf(own, mine.TenantID))
	var rows int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM companies").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d companies with a tenant, error %v; want the tenant's own", rows, err)
	}
	for statement, want := range map[string]string{
		"UPDATE companies SET tenant_id = '" + theirs.TenantID.String() + "'":                                                 "row-level security policy",
		"INSERT INTO audit_links VALUES ('" + theirs.TenantID.String() + "', '" + theirs.ID.String() + "', now(), '', '', 0)": "row-level security policy",
		"ALTER TABLE companies DISABLE ROW LEVEL SECURITY":                                                                    "must be owner",
		"ALTER TABLE companies NO FORCE ROW LEVEL SECURITY":                                                                   "must be owner",
		"DROP POLICY tenant_isolation ON companies":                                                                           "must be owner",
		"CREATE POLICY more ON companies USING (true)":                                                                        "must be owner",
		"TRUNCATE companies":         "permission denied",
		"CREATE TABLE mine (id int)": "permission denied",
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)": "permission denied",
		"ALTER ROLE tenantry_serving BYPASSRLS":                                   "permission denied",
		"SET row_security = off; SELECT count(*) FROM companies":                  "affected by row-level security policy",
	} {
		// In the simple protocol a query may contain several statements.
		_, err := conn.PgConn().Exec(t.Context(), statement).ReadAll()
		if err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "must be ") {
			t.Errorf("%s: %v, want an error with %q", statement, err, want)
		}
	}
	exec(t, conn, "SET row_security = on")
	for _, statement := range []string{"UPDATE companies SET name = 'Stolen'", "DELETE FROM companies"} {
		tag, err := conn.Exec(t.Context(), statement+" WHERE id = $1", theirs.ID)
		if err != nil || tag.RowsAffected() != 0 {
			t.Errorf("%s: %d rows of another tenant, error %v", statement, tag.RowsAffected(), err)
		}
	}
	exec(t, conn, "SELECT set_config('app.tenant_id', '', false), set_config('app.unscoped', 'on', false)")
	tag, err := conn.Exec(t.Context(), "UPDATE legacy_calls SET calls = 0")
	if err != nil || tag.RowsAffected() != 0 {
		t.Errorf("%d rows changed, error %v: want none, because all tenants' rows may only be read", tag.RowsAffected(), err)
	}
}

// Through pgbouncer, statements of several clients use the same server connection.
func TestPoolerKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	owner := storetest.Open(t, databaseURL)
	companies := newTenants(t, owner, 4)
	for user, userURL := range map[string]string{"owner": databaseURL, "serving": storetest.ServingURL(t, databaseURL)} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t, postgrestest.Bouncer(t, userURL, 2))
			var wait sync.WaitGroup
			for i, c := range companies {
				theirs := companies[(i+1)%len(companies)]
				wait.Go(func() {
					for range 50 {
						ids, err := s.ListCompanyIDs(t.Context(), db.ListCompanyIDsParams{TenantID: c.TenantID, Limit: 10})
						if err != nil || len(ids) != 1 || ids[0] != c.ID {
							t.Errorf("companies %v, error %v; want only %s", ids, err, c.ID)
							return
						}
						err = s.Tx(t.Context(), func(tx store.Tx) error {
							_, err := tx.GetCompany(t.Context(), db.GetCompanyParams{TenantID: c.TenantID, ID: theirs.ID})
							return err
						})
						if !errors.Is(err, store.ErrNotFound) {
							t.Errorf("error %v for another tenant's company, want ErrNotFound", err)
							return
						}
						var seen carried
						seen.read(t, s)
						if seen.tenant != "" || seen.unscoped != "" || user == "serving" && seen.companies != 0 {
							t.Errorf("a connection has %+v of another client", seen)
							return
						}
					}
				})
			}
			wait.Wait()
		})
	}
}
