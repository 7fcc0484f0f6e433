package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// noon returns a time with microseconds, the precision that all engines keep.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC) }

// newTenant returns a tenant that isn't in the database yet, with all optional fields null.
func newTenant() db.Tenant {
	id := newID()
	return db.Tenant{
		ID: id, Code: id.String()[4:], Name: "Tenant", NameKey: "tenant", SearchText: "tenant", Tier: "free", Status: "active",
		CreatedAt: noon(), UpdatedAt: noon(), Version: 1,
	}
}

func newCompany(tenant uuid.UUID, code string) db.Company {
	return db.Company{
		TenantID: tenant, ID: newID(), Code: code, Name: "Company " + code, NameKey: "company", IsActive: true,
		SearchText: "company", CreatedAt: noon(), UpdatedAt: noon(), Version: 1,
	}
}

func newBranch(c db.Company, code string) db.Branch {
	return db.Branch{
		TenantID: c.TenantID, ID: newID(), CompanyID: c.ID, Code: code, Name: "Branch " + code, NameKey: "branch", IsActive: true,
		SearchText: "branch", CreatedAt: noon(), UpdatedAt: noon(), Version: 1,
	}
}

func newDepartment(c db.Company, code string) db.Department {
	return db.Department{
		TenantID: c.TenantID, ID: newID(), CompanyID: c.ID, Code: code, Name: "Department " + code, NameKey: "department", IsActive: true,
		SearchText: "department", CreatedAt: noon(), UpdatedAt: noon(), Version: 1,
	}
}

func newUser(tenant uuid.UUID) db.User {
	id := newID()
	return db.User{
		TenantID: tenant, ID: id, Email: id.String() + "@example.com", FullName: "User", NameKey: "user", Role: "viewer", IsInvited: true, IsActive: true,
		SearchText: "user", CreatedAt: noon(), UpdatedAt: noon(), Version: 1,
	}
}

func newSession(user db.User) db.Session {
	return db.Session{
		TenantID: user.TenantID, ID: newID(), UserID: user.ID, RefreshID: newID(), IP: "192.0.2.1", UserAgent: "test",
		ExpiresAt: noon().Add(time.Hour), RefreshedAt: noon(), CreatedAt: noon(), Version: 1,
	}
}

// tenant inserts a tenant and returns its id.
func tenant(t *T) uuid.UUID {
	t.Helper()
	row := newTenant()
	exec(t, t.store.InsertTenant, db.InsertTenantParams(row))
	return row.ID
}

// company inserts a company and returns it.
func company(t *T, row db.Company) db.Company {
	t.Helper()
	exec(t, t.store.InsertCompany, db.InsertCompanyParams(row))
	return row
}

// branch inserts a branch and returns it.
func branch(t *T, row db.Branch) db.Branch {
	t.Helper()
	exec(t, t.store.InsertBranch, db.InsertBranchParams(row))
	return row
}

// department inserts a department and returns it.
func department(t *T, row db.Department) db.Department {
	t.Helper()
	exec(t, t.store.InsertDepartment, db.InsertDepartmentParams(row))
	return row
}

// user inserts a user and returns it.
func user(t *T, row db.User) db.User {
	t.Helper()
	exec(t, t.store.InsertUser, db.InsertUserParams(row))
	return row
}

// session inserts a session and returns it.
func session(t *T, row db.Session) db.Session {
	t.Helper()
	exec(t, t.store.InsertSession, db.InsertSessionParams(row))
	return row
}

// The functions below read rows from the database.

func tenantNow(t *T, row db.Tenant) db.Tenant {
	t.Helper()
	return query(t, t.store.GetTenant, db.GetTenantParams{ID: row.ID})
}

func companyNow(t *T, c db.Company) db.Company {
	t.Helper()
	return query(t, t.store.GetCompany, db.GetCompanyParams{TenantID: c.TenantID, ID: c.ID})
}

func userNow(t *T, u db.User) db.User {
	t.Helper()
	return query(t, t.store.GetUser, db.GetUserParams{TenantID: u.TenantID, ID: u.ID})
}

func sessionNow(t *T, s db.Session) db.Session {
	t.Helper()
	return query(t, t.store.GetSession, db.GetSessionParams{TenantID: s.TenantID, ID: s.ID})
}
