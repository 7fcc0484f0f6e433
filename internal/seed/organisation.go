package seed

import "time"

// organisation is what a scenario creates, as data: everything but the people, who are invented from names.go.
// Telephone numbers are of the ranges that the countries keep free for films and books.
type organisation struct {
	scenario  string
	tenant    tenant
	domain    string    // of the e-mail addresses
	since     time.Time // when the tenant was created: a Monday, 08:00 UTC
	weeks     int       // from then until everybody had an account
	ceo       ceo
	companies []company // the CEO belongs to the first
}

type tenant struct {
	code, name, tier       string
	maxCompanies, maxUsers int64
}

// ceo is the admin whose log-in people are told.
type ceo struct{ email, name, phone string }

type company struct {
	code, name, description string
	email, phone, website   string
	address                 address
	taxID, registration     string
	closed                  bool // kept, but inactive
	staff                   staff
	phones                  phones // of the staff
}

type address struct{ line1, line2, city, state, postalCode, country string }

// staff is how many people a company employs, beside the CEO. Former employees are inactive users.
type staff struct{ admins, users, viewers, former int }

// phones are the telephone numbers that format makes of first, first+1, ...
type phones struct {
	format       string
	first, count int
}

// organisations returns every scenario there is.
func organisations() []organisation {
	return []organisation{techStartup(), retailChain()}
}
