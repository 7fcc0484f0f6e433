package seed

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestRowsAreWhatTheRulesAllow(t *testing.T) {
	t.Parallel()
	var (
		code  = regexp.MustCompile(`^[A-Z0-9][A-Z0-9_-]{0,31}$`)
		phone = regexp.MustCompile(`^\+\d[\d ]{6,18}\d$`)
	)
	for _, o := range organisations() {
		t.Run(o.scenario, func(t *testing.T) {
			t.Parallel()
			local := regexp.MustCompile(`^([a-z-]+\.[a-z-]+\d*|ceo)@` + regexp.QuoteMeta(o.domain) + `$`)
			rows := o.rows(0, "hash")
			if !code.MatchString(rows.tenant.Code) {
				t.Errorf("tenant code %q", rows.tenant.Code)
			}
			if o.since.Weekday() != time.Monday {
				t.Errorf("begins on a %s; want a Monday", o.since.Weekday())
			}
			for _, c := range rows.companies {
				if !code.MatchString(c.Code) || !phone.MatchString(*c.Phone) {
					t.Errorf("company %q: code %q, phone %q", c.Name, c.Code, *c.Phone)
				}
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
			if roles["admin"] < 2 || roles["admin"] > roles["viewer"] || roles["viewer"] > roles["user"] || inactive == 0 {
				t.Errorf("roles %v, %d inactive; want few admins, more viewers, most of them users, and somebody inactive", roles, inactive)
			}
		})
	}
}

func TestEmailsGiveEveryScenarioAway(t *testing.T) {
	t.Parallel()
	for _, o := range organisations() {
		if !slices.Contains(Emails(), o.ceo.email) {
			t.Errorf("a production start would not refuse %s", o.ceo.email)
		}
	}
	if !slices.Contains(Emails(), SuperuserEmail) {
		t.Errorf("a production start would not refuse %s", SuperuserEmail)
	}
}

func TestRowsHaveTimesInOrder(t *testing.T) {
	t.Parallel()
	for _, o := range organisations() {
		rows := o.rows(0, "hash")
		end := o.since.AddDate(0, 0, 7*o.weeks)
		last, lastID := rows.tenant.CreatedAt, rows.tenant.ID
		next := func(what string, at time.Time, id uuid.UUID) {
			seconds, nanoseconds := id.Time().UnixTime()
			if made := time.Unix(seconds, nanoseconds); id.Version() != 7 || id.Variant() != uuid.RFC4122 || !made.Equal(at.Truncate(time.Millisecond)) {
				t.Errorf("%s has the id %s, made at %s; want a UUIDv7 made at %s", what, id, made, at)
			}
			if !at.After(last) || id.String() <= lastID.String() || at.After(end) || !at.Equal(at.Truncate(time.Microsecond)) {
				t.Errorf("%s is of %s, id %s; want microseconds after %s, id %s, and before %s", what, at, id, last, lastID, end)
			}
			last, lastID = at, id
		}
		for _, c := range rows.companies {
			next(c.Name, c.CreatedAt, c.ID)
		}
		for _, u := range rows.users {
			next(u.Email, u.CreatedAt, u.ID)
			if day := u.CreatedAt.Weekday(); day == time.Saturday || day == time.Sunday {
				t.Errorf("%s was invited on a %s", u.Email, day)
			}
		}
		if last.Before(end.AddDate(0, 0, -7)) {
			t.Errorf("%s: the last account is of %s; want the last of %d weeks", o.scenario, last, o.weeks)
		}
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
