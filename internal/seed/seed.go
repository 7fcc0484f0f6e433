// Package seed loads demo organisations into a database. Don't use it in production: the passwords
// are public.
//
// The result depends only on the scale and the seed, including ids and times. Exceptions are the
// salts of passwords, and the signatures of audit entries, which depend on the key.
package seed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/store"
)

// The public log-ins.
const (
	Password          = "password123" // the password of all users of demo organisations
	SuperuserEmail    = "superadmin@system.com"
	SuperuserPassword = "SuperAdmin123!"
)

// Options are the options of Run.
type Options struct {
	Scenarios []string // of Names; empty: all
	Scale     Scale    // zero: Full
	Seed      uint64   // determines people, ids and times
}

// Report is the result of Run.
type Report struct {
	Loaded []Loaded // one for each chosen scenario, in the order of Names
}

// Loaded is a scenario with the numbers of added rows.
type Loaded struct {
	Scenario   string
	TenantCode string
	Tenant     string // its name
	Login      string // of an admin

	// Skipped is true if the tenant existed already, in any scale and from any seed. Then nothing
	// was changed.
	Skipped bool

	Companies, Branches, Departments, Users, AuditEntries int
}

// Names returns the names of the scenarios, in the order in which they are loaded.
func Names() []string {
	var names []string
	for _, o := range organisations() {
		names = append(names, o.scenario)
	}
	return names
}

// Login is a public log-in and its tenant. The ids of demo organisations don't depend on the seed,
// and the API never creates a tenant with such an id.
type Login struct {
	TenantID uuid.UUID
	Email    string
	Password string // initial password
}

// Logins returns the public log-ins: an admin of each demo organisation, and the superuser.
func Logins() []Login {
	var logins []Login
	for _, o := range organisations() {
		logins = append(logins, Login{o.tenantID(), o.ceo.email, Password})
	}
	return append(logins, Login{access.PlatformTenantID, SuperuserEmail, SuperuserPassword})
}

// superuserSince is the time of the superuser's creation, before the oldest scenario.
var superuserSince = time.Date(2025, time.August, 4, 7, 0, 0, 0, time.UTC)

// MayHavePublicPassword reports whether a user was created by Run, or has the address of the demo
// superuser in the platform's tenant. Such a user may have changed the password since then.
func MayHavePublicPassword(u db.User) bool {
	if u.TenantID == access.PlatformTenantID {
		return u.Email == SuperuserEmail || u.CreatedAt.Equal(superuserSince)
	}
	return slices.ContainsFunc(Logins(), func(l Login) bool { return l.TenantID == u.TenantID })
}

// Run adds the missing scenarios, each in one transaction, and the superuser. Any number of
// processes may call it at once. After an error the report lists what was loaded before.
//
// Keys sign the audit entries.
func Run(ctx context.Context, s *store.Store, keys *audit.Keys, passwords *auth.Passwords, opts Options) (Report, error) {
	var report Report
	chosen, err := choose(opts.Scenarios, opts.Scale)
	if err != nil {
		return report, err
	}
	hash, err := passwords.Hash(ctx, Password)
	if err != nil {
		return report, err
	}
	for _, o := range chosen {
		loaded, err := load(ctx, s, keys, o, opts.Seed, hash)
		if err != nil {
			return report, fmt.Errorf("load scenario %s: %w", o.scenario, err)
		}
		report.Loaded = append(report.Loaded, loaded)
	}
	if hash, err = passwords.Hash(ctx, SuperuserPassword); err != nil {
		return report, err
	}
	if err := loadSuperuser(ctx, s, keys, opts.Seed, hash); err != nil {
		return report, fmt.Errorf("create superuser %s: %w", SuperuserEmail, err)
	}
	return report, nil
}

func choose(scenarios []string, scale Scale) ([]organisation, error) {
	for _, name := range scenarios {
		if !slices.Contains(Names(), name) {
			return nil, fmt.Errorf("unknown scenario %q; there are %s", name, strings.Join(Names(), ", "))
		}
	}
	var chosen []organisation
	for _, o := range organisations() {
		o, err := scale.apply(o)
		if err != nil {
			return nil, err
		}
		if len(scenarios) == 0 || slices.Contains(scenarios, o.scenario) {
			chosen = append(chosen, o)
		}
	}
	return chosen, nil
}

func load(ctx context.Context, s *store.Store, keys *audit.Keys, o organisation, seed uint64, hash string) (Loaded, error) {
	rows := o.rows(seed, hash)
	err := s.Tx(ctx, func(tx store.Tx) error { return newWriter(tx, keys).organisation(ctx, rows) })
	loaded := Loaded{Scenario: o.scenario, TenantCode: o.tenant.code, Tenant: o.tenant.name, Login: o.ceo.email}
	if errors.Is(err, errPresent) {
		loaded.Skipped = true
		return loaded, nil
	}
	if err != nil {
		return Loaded{}, err
	}
	if err := seal(ctx, s, keys, rows.tenant.ID, rows.events[len(rows.events)-1]); err != nil {
		return Loaded{}, err
	}
	loaded.Companies, loaded.Branches, loaded.Departments = len(rows.companies), len(rows.branches), len(rows.departments)
	loaded.Users, loaded.AuditEntries = len(rows.users), len(rows.events)
	return loaded, nil
}

func loadSuperuser(ctx context.Context, s *store.Store, keys *audit.Keys, seed uint64, hash string) error {
	at := superuserSince
	r := newRandom(seed, "superuser")
	superuser := db.User{
		TenantID: access.PlatformTenantID, ID: r.id(at),
		Email: SuperuserEmail, FullName: "Super Admin",
		Role: string(access.Admin), IsActive: true, IsSuperuser: true, CreatedAt: at, UpdatedAt: at, Version: 1,
	}
	h := newHistory(r, superuser.TenantID, at, at)
	h.add(at, "user.create", aboutUser(superuser), audit.Created(superuser))
	err := s.Tx(ctx, func(tx store.Tx) error {
		w := newWriter(tx, keys)
		if err := w.user(ctx, superuser, hash); err != nil {
			return err
		}
		return w.events(ctx, h.inOrder())
	})
	if errors.Is(err, errPresent) {
		return checkSuperuser(ctx, s)
	}
	if err != nil {
		return err
	}
	events := h.inOrder()
	return seal(ctx, s, keys, superuser.TenantID, events[len(events)-1])
}

// seal seals a tenant's trail with the time of its last event, so that the data are the same each
// time.
func seal(ctx context.Context, s *store.Store, keys *audit.Keys, tenantID uuid.UUID, last event) error {
	sealer := audit.NewSealer(s, keys, nil)
	sealer.Now = func() time.Time { return last.entry.OccurredAt }
	_, err := sealer.Seal(ctx, tenantID)
	return err
}

// checkSuperuser returns an error if the superuser's address belongs to a user of a tenant.
func checkSuperuser(ctx context.Context, s *store.Store) error {
	account, err := auth.AccountByEmail(ctx, s, SuperuserEmail)
	if errors.Is(err, store.ErrNotFound) {
		return nil // the superuser's address has changed
	}
	if err != nil {
		return err
	}
	_, err = auth.UserOf(ctx, s, account, access.PlatformTenantID)
	if errors.Is(err, store.ErrNotFound) {
		err = errors.New("a user of a tenant has this address; delete that user, or use an empty database")
	}
	return err
}
