package seed

import "time"

// organisation is the data of a scenario, except for the people, whose names come from names.go.
// Telephone numbers are from ranges that countries reserve for films and books.
type organisation struct {
	scenario  string
	about     string // what kind of business it is, and how it is built
	tenant    tenant
	domain    string    // of the e-mail addresses
	since     time.Time // when the tenant was created: a Monday, 08:00 UTC
	weeks     int       // until everybody had an account
	ceo       ceo
	companies []company // the CEO heads the first department of the first
}

type tenant struct {
	code, name, tier       string
	maxCompanies, maxUsers int64
}

// ceo is the admin whose log-in is public.
type ceo struct{ email, name, phone string }

type company struct {
	code, name, description string
	email, phone, website   string
	address                 address
	taxID, registration     string
	closed                  bool   // now inactive
	phones                  phones // of the staff
	departments             []department
	branches                []branch
}

type branch struct {
	code, name, phone   string
	address             address
	latitude, longitude float64
	headquarters        bool
	closed              bool
	phones              phones // of the staff; zero: the company's
	departments         []department
}

// department is a part of a company or, with the branch's code as a prefix, of a branch. Its first
// admin, or else its first user, heads it.
type department struct {
	code, name string
	staff      staff
	parts      []department
}

func dept(code, name string, s staff, parts ...department) department {
	return department{code: code, name: name, staff: s, parts: parts}
}

type address struct{ line1, line2, city, state, postalCode, country string }

// staff is the number of people in a department, without its parts. Former employees are inactive
// users.
type staff struct{ admins, users, viewers, former int }

// phones are the telephone numbers that result from format and first, first+1, ...
type phones struct {
	format       string
	first, count int
}

// organisations returns all scenarios in full scale.
func organisations() []organisation {
	return []organisation{techStartup(), retailChain(), healthcareNetwork(), remoteFirst(), financialServices()}
}
