package scale_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	treePath  = "/api/v1/org/tree"
	treeDepth = 50
	treeSize  = 10_000
	chains    = treeSize / treeDepth
)

// forest is a company with chains of departments, each below the previous one.
type forest struct {
	app           *apitest.App
	wire          *wire
	admin         *apitest.Actor
	inEmptyTenant *apitest.Actor
}

func newForest(t testing.TB) forest {
	t.Helper()
	var f forest
	var address string
	f.app = apitest.New(t, store.Postgres, func(cfg *config.Config) {
		address = cfg.DatabaseURL.Reveal()
		var wired string
		f.wire, wired = newWire(t, address)
		cfg.DatabaseURL = config.NewSecret(wired)
	})
	f.admin, f.inEmptyTenant = f.app.Actor(t, access.Admin), f.app.Actor(t, access.Viewer)
	company := f.app.Company(t, f.admin.User.TenantID)
	d := openDatabase(t, address, population{})
	d.exec(t, fmt.Sprintf(`INSERT INTO departments (tenant_id, id, company_id, parent_id, code, name, name_key, is_active, search_text, created_at, updated_at, version)
		SELECT '%s', (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000001')::uuid, '%s',
			CASE WHEN n %% %d > 0 THEN (lpad(to_hex(n - 1), 8, '0') || '-0000-7000-8000-000000000001')::uuid END,
			'D' || n, 'Department ' || n, 'department ' || n, true, '', now(), now(), 1
		FROM generate_series(0, %d) AS n`, company.TenantID, company.ID, treeDepth, treeSize-1))
	d.exec(t, `ANALYZE departments`)
	return f
}

// department returns the id of the department at a depth of a chain.
func department(chain, depth int) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("%08x-0000-7000-8000-000000000001", chain*treeDepth+depth))
}

func (f forest) move(t *testing.T, d, under uuid.UUID) apitest.Reply {
	t.Helper()
	return f.admin.Do(t, http.MethodPut, "/api/v1/org/departments/"+d.String(), `{"parent_id":"`+under.String()+`"}`)
}

// treeTables are the tables with the rows of a tree.
var treeTables = []string{"companies", "branches", "departments"}

func TestTreeTakesAConstantNumberOfQueries(t *testing.T) {
	t.Parallel()
	f := newForest(t)
	read := func(by *apitest.Actor) (tree api.OrganisationTree, queries int) {
		var reply apitest.Reply
		for range 20 {
			f.wire.take()
			// On a busy machine the database may seem to be unavailable.
			if reply = by.Do(t, http.MethodGet, treePath, ""); reply.Status != http.StatusServiceUnavailable {
				break
			}
		}
		reply.Want(t, http.StatusOK)
		asked := slices.DeleteFunc(f.wire.take(), func(p plan) bool { return !slices.ContainsFunc(treeTables, p.touches) })
		return apitest.Decode[api.OrganisationTree](t, reply), len(asked)
	}
	_, want := read(f.inEmptyTenant)
	tree, queries := read(f.admin)
	if queries != want {
		t.Errorf("%d queries for %d departments, %d for none", queries, treeSize, want)
	}
	nodes, depth := 0, 0
	for level := tree.Companies[0].Departments; len(level) > 0; depth++ {
		nodes += len(level)
		var next []api.DepartmentNode
		for _, d := range level {
			next = append(next, d.Departments...)
		}
		level = next
	}
	if nodes != treeSize || depth != treeDepth {
		t.Errorf("%d departments, %d deep; want %d and %d", nodes, depth, treeSize, treeDepth)
	}
}

func TestMoveBelowOwnDescendantInADeepTree(t *testing.T) {
	t.Parallel()
	f := newForest(t)
	for _, depth := range []int{0, 1, treeDepth / 2, treeDepth - 1} {
		f.move(t, department(0, 0), department(0, depth)).WantCode(t, http.StatusConflict, "cycle")
	}
	f.move(t, department(0, treeDepth-1), department(0, 0)).Want(t, http.StatusOK)
	f.move(t, department(0, 0), department(1, treeDepth-1)).Want(t, http.StatusOK)
	f.move(t, department(1, 0), department(0, treeDepth-2)).WantCode(t, http.StatusConflict, "cycle")
}

// TestOneOfTwoMovesThatMakeACycle concurrently moves each of two chains below the end of the other.
// Each move alone is valid.
func TestOneOfTwoMovesThatMakeACycle(t *testing.T) {
	t.Parallel()
	f := newForest(t)
	for chain := 0; chain < 20; chain += 2 {
		var statuses [2]int
		var wait sync.WaitGroup
		for i := range statuses {
			one, other := chain+i, chain+1-i
			wait.Go(func() { statuses[i] = f.move(t, department(one, 0), department(other, treeDepth-1)).Status })
		}
		wait.Wait()
		if statuses[0]+statuses[1] != http.StatusOK+http.StatusConflict {
			t.Errorf("statuses %v, want %d and %d", statuses, http.StatusOK, http.StatusConflict)
		}
	}
}

// BenchmarkTree measures how long a client waits for a whole tree.
func BenchmarkTree(b *testing.B) {
	f := newForest(b)
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, f.app.URL+treePath, nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+f.admin.AccessToken)
	for b.Loop() {
		response, err := http.DefaultClient.Do(request) // the client of apitest would validate the reply, which takes long
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, response.Body); err != nil || n < treeSize {
			b.Fatalf("%d bytes, error %v", n, err)
		}
		_ = response.Body.Close()
	}
}
