package seed

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// each calls f with the rows of every scenario, in both scales.
func each(t *testing.T, f func(t *testing.T, o organisation, r rows)) {
	t.Helper()
	for _, o := range organisations() {
		for _, scale := range []Scale{Full, Small} {
			for seed := range uint64(2) {
				t.Run(fmt.Sprintf("%s %s %d", o.scenario, scale, seed), func(t *testing.T) {
					t.Parallel()
					scaled, err := scale.apply(o)
					if err != nil {
						t.Fatal(err)
					}
					f(t, scaled, scaled.rows(seed, "hash"))
				})
			}
		}
	}
}

func TestOrganisationsHaveTheDocumentedSizes(t *testing.T) {
	t.Parallel()
	for scenario, want := range map[string]struct{ least, most, company, branches int }{
		"tech-startup":       {25, 25, 0, 1},
		"retail-chain":       {200, 200, 1, 15},
		"healthcare-network": {1000, 1500, 1, 3},
		"remote-first":       {150, 150, 1, 5},
		"financial-services": {500, 500, 1, 3},
	} {
		i := slices.IndexFunc(organisations(), func(o organisation) bool { return o.scenario == scenario })
		r := organisations()[i].rows(0, "hash")
		branches := 0
		for _, b := range r.branches {
			if b.CompanyID == r.companies[want.company].ID {
				branches++
			}
		}
		if n := len(r.users); n < want.least || n > want.most || branches != want.branches {
			t.Errorf("%s: %d users, %d branches in %s; want %d to %d, and %d", scenario, n, branches, r.companies[want.company].Name, want.least, want.most, want.branches)
		}
	}
}

func TestSmallIsSmall(t *testing.T) {
	t.Parallel()
	for _, o := range organisations() {
		full, small := o.rows(0, "hash"), o.small().rows(0, "hash")
		if len(small.users) < 10 || len(small.users) > 50 || len(small.events) > 300 || len(small.companies) != len(full.companies) {
			t.Errorf("%s: %d users, %d events, %d of %d companies; want 10 to 50, up to 300, all",
				o.scenario, len(small.users), len(small.events), len(small.companies), len(full.companies))
		}
	}
}

func TestRowsComplyWithTheRules(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`^[A-Z0-9][A-Z0-9_-]{0,31}$`)
	phone := regexp.MustCompile(`^\+\d[\d ]{6,18}\d$`)
	each(t, func(t *testing.T, o organisation, rows rows) {
		local := regexp.MustCompile(`^([a-z-]+\.[a-z-]+\d*|ceo)@` + regexp.QuoteMeta(o.domain) + `$`)
		if o.since.Weekday() != time.Monday {
			t.Errorf("begins on a %s; want a Monday", o.since.Weekday())
		}
		if int64(len(rows.companies)) > o.tenant.maxCompanies || int64(len(rows.users)) > o.tenant.maxUsers {
			t.Errorf("%d companies and %d users are more than the tenant may have", len(rows.companies), len(rows.users))
		}
		codes := map[string]bool{}
		codeOf := func(within any, c string) {
			key := fmt.Sprint(within, c)
			if !code.MatchString(c) || codes[key] {
				t.Errorf("code %q of %s; want a valid one of its own", c, within)
			}
			codes[key] = true
		}
		codeOf("tenants", rows.tenant.Code)
		for _, c := range rows.companies {
			codeOf("companies", c.Code)
			if !phone.MatchString(*c.Phone) {
				t.Errorf("company %q has the phone %q", c.Name, *c.Phone)
			}
		}
		for _, b := range rows.branches {
			codeOf(fmt.Sprint("branches of ", b.CompanyID), b.Code)
		}
		for _, d := range rows.departments {
			codeOf(fmt.Sprint("departments of ", d.CompanyID), d.Code)
		}
		emails, phones := map[string]bool{}, map[string]bool{}
		roles, inactive := map[string]int{}, 0
		for _, u := range rows.users {
			if !local.MatchString(u.Email) || emails[u.Email] {
				t.Errorf("%s has the address %q; want one like first.last@%s of their own", u.FullName, u.Email, o.domain)
			}
			if !phone.MatchString(*u.Phone) || phones[*u.Phone] {
				t.Errorf("%s has the phone %q; want a number of their own", u.FullName, *u.Phone)
			}
			emails[u.Email], phones[*u.Phone] = true, true
			roles[u.Role]++
			if !u.IsActive {
				inactive++
			}
		}
		if roles["admin"] < 2 || 3*roles["admin"] > len(rows.users) || roles["viewer"] == 0 || roles["viewer"] > roles["user"] || inactive == 0 {
			t.Errorf("roles %v, %d inactive; want few admins, some viewers, mostly users, and an inactive one", roles, inactive)
		}
	})
}

func TestEverybodyWorksSomewhereAndEveryDepartmentHasAHead(t *testing.T) {
	t.Parallel()
	same := func(a, b *uuid.UUID) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
	each(t, func(t *testing.T, o organisation, rows rows) {
		departments, branches, users := map[uuid.UUID]db.Department{}, map[uuid.UUID]db.Branch{}, map[uuid.UUID]db.User{}
		for _, b := range rows.branches {
			branches[b.ID] = b
		}
		for _, d := range rows.headed {
			departments[d.ID] = d
		}
		for _, u := range rows.users {
			users[u.ID] = u
			d := departments[*u.DepartmentID]
			if d.CompanyID != *u.CompanyID || !same(d.BranchID, u.BranchID) {
				t.Errorf("%s works in %s, which is in another place than they", u.Email, d.Code)
			}
		}
		if len(departments) != len(rows.departments) {
			t.Errorf("%d of %d departments have a head", len(departments), len(rows.departments))
		}
		for _, d := range departments {
			head := users[*d.HeadUserID]
			if !head.IsActive || *head.DepartmentID != d.ID || head.Role == "viewer" {
				t.Errorf("%s is headed by the %s %s, active %v; want an admin or user who works there", d.Code, head.Role, head.Email, head.IsActive)
			}
			if d.BranchID != nil && (branches[*d.BranchID].CompanyID != d.CompanyID || !branches[*d.BranchID].IsActive) {
				t.Errorf("%s is in a branch of another company, or a closed one", d.Code)
			}
			if d.ParentID != nil && !same(departments[*d.ParentID].BranchID, d.BranchID) {
				t.Errorf("%s is in another branch than its parent", d.Code)
			}
		}
		if ceo := users[*rows.headed[0].HeadUserID]; ceo.Email != o.ceo.email || ceo.Role != "admin" {
			t.Errorf("the first department is headed by the %s %s; want the CEO", ceo.Role, ceo.Email)
		}
	})
}

func TestRowsHaveTimesInOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o organisation, rows rows) {
		type row struct {
			what string
			at   time.Time
			id   uuid.UUID
		}
		list := []row{{rows.tenant.Name, rows.tenant.CreatedAt, rows.tenant.ID}}
		for _, c := range rows.companies {
			list = append(list, row{c.Name, c.CreatedAt, c.ID})
		}
		for _, b := range rows.branches {
			list = append(list, row{b.Name, b.CreatedAt, b.ID})
		}
		for _, d := range rows.departments {
			list = append(list, row{d.Code, d.CreatedAt, d.ID})
		}
		slices.SortFunc(list, func(a, b row) int { return bytes.Compare(a.id[:], b.id[:]) })
		for _, u := range rows.users {
			list = append(list, row{u.Email, u.CreatedAt, u.ID})
			if day := u.CreatedAt.Weekday(); day == time.Saturday || day == time.Sunday {
				t.Errorf("%s was invited on a %s", u.Email, day)
			}
		}
		end := o.since.AddDate(0, 0, 7*o.weeks)
		var last row
		for _, next := range list {
			seconds, nanoseconds := next.id.Time().UnixTime()
			if made := time.Unix(seconds, nanoseconds); next.id.Version() != 7 || next.id.Variant() != uuid.RFC4122 || !made.Equal(next.at.Truncate(time.Millisecond)) {
				t.Errorf("%s has the id %s, made at %s; want a UUIDv7 made at %s", next.what, next.id, made, next.at)
			}
			if !next.at.After(last.at) || next.id.String() <= last.id.String() || next.at.After(end) || !next.at.Equal(next.at.Truncate(time.Microsecond)) {
				t.Errorf("%s is of %s, id %s; want microseconds after %s, id %s, and before %s", next.what, next.at, next.id, last.at, last.id, end)
			}
			last = next
		}
		if last.at.Before(end.AddDate(0, 0, -7)) {
			t.Errorf("the last account is of %s; want the last of %d weeks", last.at, o.weeks)
		}
	})
}

func TestLoginsNameEveryScenario(t *testing.T) {
	t.Parallel()
	for _, o := range organisations() {
		if want := (Login{o.rows(7, "hash").tenant.ID, o.ceo.email, Password}); !slices.Contains(Logins(), want) {
			t.Errorf("%+v is missing: a start in production would not refuse it", want)
		}
	}
}

func TestDocsDescribeTheData(t *testing.T) {
	t.Parallel()
	got, err := os.ReadFile("../../docs/seed-data.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Describe() {
		t.Error("docs/seed-data.md doesn't describe the data; run: go run ./cmd/tenantry seed --describe > docs/seed-data.md")
	}
}

func TestAddressesAreUniqueASCII(t *testing.T) {
	t.Parallel()
	a := newAddresses("example.com")
	for _, c := range []struct{ given, family, want string }{
		{"José", "García", "jose.garcia@example.com"},
		{"Jose", "Garcia", "jose.garcia2@example.com"},
		{"José", "García", "jose.garcia3@example.com"},
		{"Søren", "O'Brien", "soren.obrien@example.com"},
		{"Jean-Luc", "van der Berg", "jean-luc.vanderberg@example.com"},
	} {
		if got := a.of(c.given, c.family); got != c.want {
			t.Errorf("%s %s got %q; want %q", c.given, c.family, got, c.want)
		}
	}
}

func TestEveryNameCanBeAnAddress(t *testing.T) {
	t.Parallel()
	local := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	for _, o := range origins() {
		for _, name := range append(o.given, o.family...) {
			if got := ascii(name); !local.MatchString(got) {
				t.Errorf("%q becomes %q; want a to z and hyphens", name, got)
			}
		}
	}
}
