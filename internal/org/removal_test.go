package org

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// organisation is a company with rows of every kind, and the services to test.
type organisation struct {
	store *store.Store
	parts records.Parts
	by    access.Principal

	company, other db.Company
	branch         db.Branch       // of the company, like one more
	top            db.Department   // of the branch; all departments except two are below it
	departments    []db.Department // of the company
	users          []db.User       // assigned to the company, a branch or a department; one more belongs to the other company
}

const smallBatch = 3

// newOrganisation inserts an organisation in a new tenant.
func newOrganisation(t *testing.T, s *store.Store) *organisation {
	t.Helper()
	keys, err := audit.NewKeys([]byte("only-for-tests-5rB0vV7mYk3sQxN2cJ8w"))
	if err != nil {
		t.Fatal(err)
	}
	newID := func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	now := func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
	w := &organisation{store: s, parts: records.Parts{Store: s, Audit: audit.NewLog(keys, now, newID), Now: now, NewID: newID}}
	tenant := db.Tenant{ID: newID(), Name: "T", Tier: "free", Status: "active", CreatedAt: now(), UpdatedAt: now(), Version: 1}
	tenant.Code = tenant.ID.String()[4:]
	w.by.TenantID = tenant.ID
	err = s.Tx(t.Context(), func(tx store.Tx) error {
		var failed []error
		check := func(err error) { failed = append(failed, err) }
		check(tx.InsertTenant(t.Context(), db.InsertTenantParams(tenant)))
		company := func(code string) db.Company {
			c := db.Company{TenantID: tenant.ID, ID: newID(), Code: code, Name: code, CreatedAt: now(), UpdatedAt: now(), Version: 1}
			check(tx.InsertCompany(t.Context(), db.InsertCompanyParams(c)))
			return c
		}
		branch := func(of db.Company, code string) db.Branch {
			b := db.Branch{TenantID: tenant.ID, ID: newID(), CompanyID: of.ID, Code: code, Name: code, CreatedAt: now(), UpdatedAt: now(), Version: 1}
			check(tx.InsertBranch(t.Context(), db.InsertBranchParams(b)))
			return b
		}
		department := func(of db.Company, b *db.Branch, parent *db.Department) db.Department {
			d := db.Department{TenantID: tenant.ID, ID: newID(), CompanyID: of.ID, Name: "D", CreatedAt: now(), UpdatedAt: now(), Version: 1}
			d.Code = d.ID.String()[4:]
			if b != nil {
				d.BranchID = &b.ID
			}
			if parent != nil {
				d.ParentID = &parent.ID
			}
			check(tx.InsertDepartment(t.Context(), db.InsertDepartmentParams(d)))
			return d
		}
		user := func(c *db.Company, b *db.Branch, d *db.Department) db.User {
			u := db.User{TenantID: tenant.ID, ID: newID(), Role: "user", IsInvited: true, IsActive: true, CreatedAt: now(), UpdatedAt: now(), Version: 1}
			u.Email = u.ID.String() + "@example.com"
			if c != nil {
				u.CompanyID = &c.ID
			}
			if b != nil {
				u.BranchID = &b.ID
			}
			if d != nil {
				u.DepartmentID = &d.ID
			}
			check(tx.InsertUser(t.Context(), db.InsertUserParams(u)))
			return u
		}
		w.company, w.other = company("C"), company("OTHER")
		w.branch = branch(w.company, "B")
		second := branch(w.company, "SECOND")
		w.top = department(w.company, &w.branch, nil)
		w.departments = append(w.departments, w.top, department(w.company, nil, nil))
		above := w.top
		for range 3 {
			above = department(w.company, &second, &above)
			w.departments = append(w.departments, above, department(w.company, nil, &w.top), department(w.company, nil, &above))
		}
		w.departments = append(w.departments, department(w.company, nil, nil))
		for _, d := range w.departments {
			w.users = append(w.users, user(&w.company, nil, &d))
		}
		w.users = append(w.users, user(&w.company, &w.branch, &w.top), user(nil, &second, nil), user(&w.company, nil, nil), user(nil, nil, &above))
		otherBranch := branch(w.other, "B")
		otherDepartment := department(w.other, &otherBranch, nil)
		user(&w.other, &otherBranch, &otherDepartment)
		return errors.Join(failed...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// deletions returns the deletion of each kind, with small batches. Each returns what is left.
func (w *organisation) deletions() map[string]func(ctx context.Context) (*api.DeletionPreview, error) {
	parts := w.parts
	parts.Batch = smallBatch
	companies, branches, departments := NewCompanies(parts), NewBranches(parts), NewDepartments(parts)
	return map[string]func(ctx context.Context) (*api.DeletionPreview, error){
		"company": func(ctx context.Context) (*api.DeletionPreview, error) {
			return companies.Delete(ctx, w.by, w.company.ID, etag.Condition{})
		},
		"branch": func(ctx context.Context) (*api.DeletionPreview, error) {
			return branches.Delete(ctx, w.by, w.branch.ID, etag.Condition{})
		},
		"department": func(ctx context.Context) (*api.DeletionPreview, error) {
			return departments.Delete(ctx, w.by, w.top.ID, etag.Condition{})
		},
	}
}

func (w *organisation) preview(t *testing.T, kind string) (api.DeletionPreview, error) {
	t.Helper()
	switch kind {
	case "company":
		return NewCompanies(w.parts).PreviewDelete(t.Context(), w.by, w.company.ID, etag.Condition{})
	case "branch":
		return NewBranches(w.parts).PreviewDelete(t.Context(), w.by, w.branch.ID, etag.Condition{})
	default:
		return NewDepartments(w.parts).PreviewDelete(t.Context(), w.by, w.top.ID, etag.Condition{})
	}
}

// wantDeleted is what each deletion deletes and detaches.
var wantDeleted = map[string]api.DeletionPreview{
	"company":    {Companies: 1, Branches: 2, Departments: 12, UsersDetached: 16},
	"branch":     {Branches: 1, Departments: 10, UsersDetached: 12},
	"department": {Departments: 10, UsersDetached: 12},
}

func add(a, b api.DeletionPreview) api.DeletionPreview {
	return api.DeletionPreview{
		Companies: a.Companies + b.Companies, Branches: a.Branches + b.Branches, Departments: a.Departments + b.Departments,
		UsersDetached: a.UsersDetached + b.UsersDetached,
	}
}

func rows(p api.DeletionPreview) int64 {
	return p.Companies + p.Branches + p.Departments + p.UsersDetached
}

// done counts the audit entries of deletions. There must be at most one for each row.
func (w *organisation) done(t *testing.T) api.DeletionPreview {
	t.Helper()
	count := func(action string) int64 {
		entries, err := w.store.ListAuditEntries(t.Context(), db.ListAuditEntriesParams{
			TenantID: w.by.TenantID, Action: &action, Limit: 1000,
			AfterOccurredAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), AfterID: uuid.Max,
		})
		if err != nil {
			t.Fatal(err)
		}
		about := map[uuid.UUID]bool{}
		for _, e := range entries {
			if about[*e.EntityID] {
				t.Errorf("%s of %s has two entries", action, e.EntityID)
			}
			about[*e.EntityID] = true
		}
		return int64(len(about))
	}
	return api.DeletionPreview{
		Companies: count("company.delete"), Branches: count("branch.delete"), Departments: count("department.delete"), UsersDetached: count("user.update"),
	}
}

// mustBeDone fails unless a deletion has deleted the expected rows, with an entry for each, and
// nothing else.
func (w *organisation) mustBeDone(t *testing.T, kind string) {
	t.Helper()
	if got := w.done(t); !reflect.DeepEqual(got, wantDeleted[kind]) {
		t.Errorf("the deletion of the %s wrote entries for %+v, want %+v", kind, got, wantDeleted[kind])
	}
	if _, err := w.preview(t, kind); !errs.Is(err, errs.NotFound) {
		t.Errorf("the %s still exists: %v", kind, err)
	}
	left, err := NewCompanies(w.parts).PreviewDelete(t.Context(), w.by, w.other.ID, etag.Condition{})
	if want := (api.DeletionPreview{Companies: 1, Branches: 1, Departments: 1, UsersDetached: 1}); err != nil || !reflect.DeepEqual(left, want) {
		t.Errorf("the other company has %+v, want %+v (%v)", left, want, err)
	}
}

// Each batch leaves consistent data, and reports what is left of the deletion.
func TestDeletionsGoOnWhereTheyStopped(t *testing.T) {
	t.Parallel()
	errStop := errors.New("no longer allowed")
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		for kind, all := range wantDeleted {
			for name, stop := range map[string]error{"when the time is over": nil, "when the right has ended": errStop} {
				t.Run(kind+" "+name, func(t *testing.T) {
					t.Parallel()
					w := newOrganisation(t, s)
					ctx := access.WithRequest(t.Context(), &access.Request{Confirm: func(context.Context) error { return stop }})
					clock := w.parts.Now()
					w.parts.Now = func() time.Time {
						if stop == nil {
							clock = clock.Add(records.DeletionTime)
						}
						return clock
					}
					remove := w.deletions()[kind]
					before := int64(0) // number of deleted and detached rows
					for calls := 1; ; calls++ {
						rest, err := remove(ctx)
						if err == nil && rest == nil {
							if calls < 5 {
								t.Errorf("it was interrupted only %d times", calls-1)
							}
							break
						}
						left, previewErr := w.preview(t, kind)
						if previewErr != nil || !errors.Is(err, stop) || stop == nil && !reflect.DeepEqual(*rest, left) {
							t.Fatalf("call %d returned %+v, error %v; the preview is %+v, error %v", calls, rest, err, left, previewErr)
						}
						got := w.done(t)
						if step := rows(got) - before; !reflect.DeepEqual(add(got, left), all) || step < 1 || step > smallBatch {
							t.Fatalf("call %d: %+v are deleted, %d of them by this call, and %+v are left; want %+v together", calls, got, step, left, all)
						}
						before = rows(got)
					}
					w.mustBeDone(t, kind)
				})
			}
		}
	})
}

func TestSeveralDeleteTheSameAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		for kind := range wantDeleted {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				w := newOrganisation(t, s)
				var wait sync.WaitGroup
				for range 4 {
					wait.Go(func() {
						rest, err := w.deletions()[kind](t.Context())
						if rest != nil || err != nil && !errs.Is(err, errs.NotFound) {
							t.Errorf("the deletion leaves %+v, error %v", rest, err)
						}
					})
				}
				wait.Wait()
				w.mustBeDone(t, kind)
			})
		}
	})
}

// The plan has each department once, after all departments below it. Its ranges of ids contain no
// other department.
func TestRunsAreRangesFromBelow(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		var places []db.ListDepartmentPlacesRow
		branch := uuid.New()
		for i := range random.IntN(60) {
			d := db.ListDepartmentPlacesRow{ID: uuid.MustParse(fmt.Sprintf("00000000-0000-7000-8000-%012d", i))}
			if random.IntN(4) == 0 {
				d.BranchID = &branch
			}
			places = append(places, d)
		}
		for i, parent := range random.Perm(len(places)) { // the parent may have a greater id
			if i > 0 && random.IntN(3) > 0 && !isBelow(places, parent, i) {
				places[i].ParentID = &places[parent].ID
			}
		}
		e := extent{companyID: uuid.New()}
		switch {
		case seed%3 == 1:
			e.branchID = &branch
		case seed%3 == 2 && len(places) > 0:
			e.department = &db.Department{ID: places[0].ID}
		}
		r := e.order(places)
		var gone []uuid.UUID
		for _, run := range r.runs {
			first := slices.IndexFunc(places, func(d db.ListDepartmentPlacesRow) bool { return d.ID == run[0].ID })
			for i, d := range run {
				if d.ID != places[first+i].ID {
					t.Fatalf("seed %d: run %v skips %s", seed, run, places[first+i].ID)
				}
				if d.ParentID != nil && (slices.Contains(gone, *d.ParentID) || slices.ContainsFunc(run, func(o db.ListDepartmentPlacesRow) bool { return o.ID == *d.ParentID })) {
					t.Fatalf("seed %d: %s is deleted after its parent, or in the same run", seed, d.ID)
				}
			}
			for _, d := range run {
				gone = append(gone, d.ID)
			}
		}
		for i, d := range places {
			goes := e.includes(d)
			for above := d.ParentID; above != nil && !goes; {
				p := places[slices.IndexFunc(places, func(o db.ListDepartmentPlacesRow) bool { return o.ID == *above })]
				goes, above = e.includes(p), p.ParentID
			}
			if slices.Contains(gone, d.ID) != goes {
				t.Errorf("seed %d: department %d is deleted: %t, want %t", seed, i, !goes, goes)
			}
		}
		if len(gone) != len(r.departments) {
			t.Errorf("seed %d: %d departments are deleted, %d are planned", seed, len(gone), len(r.departments))
		}
	}
}

// isBelow reports whether a department is the department above, or below it.
func isBelow(places []db.ListDepartmentPlacesRow, i, above int) bool {
	for {
		if i == above {
			return true
		}
		if places[i].ParentID == nil {
			return false
		}
		i = slices.IndexFunc(places, func(d db.ListDepartmentPlacesRow) bool { return d.ID == *places[i].ParentID })
	}
}

func TestDepartmentMovesItsUsersInBatches(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		w := newOrganisation(t, storetest.New(t, engine))
		clock := w.parts.Now()
		w.parts.Now = func() time.Time { return clock }
		w.parts.Batch = 1
		departments := NewDepartments(w.parts)
		// All three users are in branch B.
		second, err := w.store.ListBranchesOfCompany(t.Context(), db.ListBranchesOfCompanyParams{TenantID: w.by.TenantID, CompanyID: w.company.ID, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		ids := []uuid.UUID{w.users[len(w.users)-4].ID}
		for range 2 {
			u := w.users[len(w.users)-4]
			u.ID = w.parts.NewID()
			u.Email = u.ID.String() + "@example.com"
			if err := w.store.InsertUser(t.Context(), db.InsertUserParams(u)); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, u.ID)
		}
		moved := func() (n int) {
			for _, id := range ids {
				u, err := w.store.GetUser(t.Context(), db.GetUserParams{TenantID: w.by.TenantID, ID: id})
				if err != nil {
					t.Fatal(err)
				}
				if *u.BranchID == second[1].ID {
					n++
				}
			}
			return n
		}
		in := api.DepartmentUpdate{BranchID: nullable.NewNullableWithValue(second[1].ID)}
		ctx := access.WithRequest(t.Context(), &access.Request{
			Operation: access.Operation{AuditAction: "department.update"},
			Confirm:   func(context.Context) error { clock = clock.Add(records.DeletionTime); return nil }, // makes each further batch slow
		})
		if _, err := departments.Update(ctx, w.by, w.top.ID, etag.Condition{}, in); !errs.Is(err, errs.Timeout) || moved() != 2 {
			t.Fatalf("%d moved, error %v; want 2 of 3 and errs.Timeout", moved(), err)
		}
		if d, err := departments.Update(ctx, w.by, w.top.ID, etag.Condition{}, in); err != nil || *d.BranchID != second[1].ID || moved() != 3 {
			t.Errorf("the same request again: %d moved, error %v; want all", moved(), err)
		}
	})
}
