package seed

import "time"

func remoteFirst() organisation {
	return organisation{
		scenario: "remote-first",
		about:    "A software company without offices: each country's people are a branch, without an address but with the teams that work there.",
		tenant:   tenant{code: "CLOUDWORK", name: "Remote-First Tech", tier: "premium", maxCompanies: 10, maxUsers: 250},
		domain:   "cloudwork.com",
		since:    time.Date(2025, time.November, 3, 8, 0, 0, 0, time.UTC),
		weeks:    6,
		ceo:      ceo{email: "ceo@cloudwork.com", name: "Renata Falk", phone: "+1 206 555 0101"},
		companies: []company{
			{
				code: "CW-INC", name: "CloudWork Inc.", description: "Product, and everybody in North America",
				email: "hello@cloudwork.com", phone: "+1 206 555 0100", website: "https://cloudwork.com",
				address: address{line1: "2200 Western Avenue", line2: "Suite 99", city: "Seattle", state: "WA", postalCode: "98121", country: "US"},
				taxID:   "45-6789012", registration: "604 888 771",
				phones: phones{format: "+1 206 555 %04d", first: 110, count: 90},
				departments: []department{
					dept("EXEC", "Executive team", staff{users: 1, viewers: 1}),
					dept("PEOPLEOPS", "People and operations", staff{admins: 3, users: 3, viewers: 2, former: 1}),
				},
				branches: []branch{
					country("US", "United States", "US", phones{format: "+1 303 555 %04d", first: 100, count: 100},
						dept("ENG", "Engineering", staff{admins: 1, users: 3}, dept("API", "API team", staff{users: 8}), dept("DATA", "Data team", staff{users: 7, former: 1})),
						dept("PRODUCT", "Product and design", staff{users: 8, viewers: 1}),
						dept("SALES", "Sales", staff{users: 7, viewers: 2, former: 1})),
					country("CA", "Canada", "CA", phones{format: "+1 416 555 %04d", first: 100, count: 100},
						dept("ENG", "Engineering", staff{users: 6, viewers: 1}),
						dept("SUCCESS", "Customer success", staff{users: 4, viewers: 1})),
				},
			},
			{
				code: "CW-EUROPE", name: "CloudWork Europe Limited", description: "Employs everybody in Europe",
				email: "europe@cloudwork.com", phone: "+353 20 912 0100", website: "https://cloudwork.com/eu",
				address: address{line1: "7 Harbour Row", city: "Cork", postalCode: "T12 X0CW", country: "IE"},
				taxID:   "IE 9876543 W", registration: "712345",
				phones: phones{format: "+353 20 912 %04d", first: 200, count: 800},
				branches: []branch{
					country("IE", "Ireland", "IE", phones{}, dept("FINANCE", "Finance and legal", staff{admins: 1, users: 4, viewers: 2}), dept("SUPPORT", "Support", staff{users: 5, viewers: 1})),
					country("GB", "United Kingdom", "GB", phones{format: "+44 7700 900%03d", first: 100, count: 900},
						dept("ENG", "Engineering", staff{users: 9, viewers: 1, former: 1}), dept("SALES", "Sales", staff{users: 4, viewers: 1})),
					country("DE", "Germany", "DE", phones{format: "+49 30 23125 %03d", first: 100, count: 900},
						dept("ENG", "Engineering", staff{users: 2}, dept("SECURITY", "Security team", staff{users: 5}), dept("INFRA", "Infrastructure team", staff{users: 8, former: 1})),
						dept("SUCCESS", "Customer success", staff{users: 3, viewers: 1})),
					country("FR", "France", "FR", phones{format: "+33 6 39 98 60 %02d", first: 10, count: 90},
						dept("ENG", "Engineering", staff{users: 8}), dept("DESIGN", "Design", staff{users: 3, viewers: 1})),
					country("SE", "Sweden", "SE", phones{format: "+46 8 465 004 %02d", first: 0, count: 100},
						dept("MOBILE", "Mobile team", staff{users: 7, viewers: 1})),
				},
			},
			{
				code: "CW-APAC", name: "CloudWork Pacific Pty Ltd", description: "Support while the others sleep",
				email: "pacific@cloudwork.com", phone: "+61 2 5550 0100", website: "https://cloudwork.com/au",
				address: address{line1: "31 Carrington Lane", line2: "Level 2", city: "Sydney", state: "NSW", postalCode: "2000", country: "AU"},
				taxID:   "98 765 432 109", registration: "ACN 765 432 109",
				phones: phones{format: "+61 2 5550 %04d", first: 200, count: 700},
				branches: []branch{
					country("AU", "Australia", "AU", phones{},
						dept("SUPPORT", "Support", staff{admins: 1, users: 8, viewers: 2, former: 1}), dept("ENG", "Engineering", staff{users: 5, viewers: 1})),
				},
			},
		},
	}
}

func country(code, name, iso string, numbers phones, departments ...department) branch {
	return branch{code: code, name: "Remote, " + name, address: address{country: iso}, phones: numbers, departments: departments}
}
