package seed

import "time"

func financialServices() organisation {
	return organisation{
		scenario: "financial-services",
		about:    "An investment firm with four branches; front, middle and back office are kept apart in each. One branch was closed.",
		tenant:   tenant{code: "FINTECH", name: "Financial Services", tier: "enterprise", maxCompanies: 15, maxUsers: 1000},
		domain:   "fintech.com",
		since:    time.Date(2025, time.October, 6, 8, 0, 0, 0, time.UTC),
		weeks:    8,
		ceo:      ceo{email: "ceo@fintech.com", name: "Adrian Blackwood", phone: "+44 20 7946 0001"},
		companies: []company{
			{
				code: "FT-HOLDING", name: "FinTech Holdings plc", description: "The holding: board, treasury, group risk, internal audit",
				email: "office@fintech.com", phone: "+44 20 7946 0002", website: "https://www.fintech.com",
				address: address{line1: "30 Lombard Yard", line2: "9th Floor", city: "London", postalCode: "EC3V 9LY", country: "GB"},
				taxID:   "GB 135 7924 68", registration: "07654301",
				phones: phones{format: "+44 20 7946 0%03d", first: 100, count: 250},
				departments: []department{
					dept("BOARD", "Board office", staff{users: 1, viewers: 3}),
					dept("RISK", "Group risk", staff{users: 7, viewers: 4, former: 1}),
					dept("TREASURY", "Treasury", staff{users: 9, viewers: 1}),
					dept("AUDIT", "Internal audit", staff{users: 4, viewers: 7}),
					dept("TECH", "Technology", staff{admins: 3, users: 18, former: 2}, dept("IAM", "Identity and access", staff{admins: 3, users: 2})),
					dept("HR", "Human resources", staff{admins: 1, users: 7, viewers: 1}),
				},
			},
			{
				code: "FT-MARKETS", name: "FinTech Markets Limited", description: "Trading and advice for institutions",
				email: "markets@fintech.com", phone: "+44 20 7946 0003", website: "https://markets.fintech.com",
				address: address{line1: "30 Lombard Yard", line2: "7th Floor", city: "London", postalCode: "EC3V 9LY", country: "GB"},
				taxID:   "GB 135 7924 68", registration: "07654302",
				phones: phones{format: "+44 20 7946 0%03d", first: 400, count: 590},
				branches: []branch{
					{
						code: "LONDON", name: "London", phone: "+44 20 7946 0010", headquarters: true, latitude: 51.5127, longitude: -0.0875,
						address:     address{line1: "30 Lombard Yard", line2: "7th Floor", city: "London", postalCode: "EC3V 9LY", country: "GB"},
						departments: offices(16),
					},
					{
						code: "EDINBURGH", name: "Edinburgh", phone: "+44 131 496 0010", latitude: 55.9530, longitude: -3.1930,
						address:     address{line1: "52 George Court", city: "Edinburgh", postalCode: "EH2 9GC", country: "GB"},
						phones:      phones{format: "+44 131 496 0%03d", first: 100, count: 900},
						departments: offices(7),
					},
					{code: "LEEDS", name: "Leeds", phone: "+44 113 496 0020", closed: true, address: address{line1: "2 Aire Quay", city: "Leeds", postalCode: "LS1 4AQ", country: "GB"}},
				},
			},
			{
				code: "FT-EUROPE", name: "FinTech Europa GmbH", description: "The licence for the European Union",
				email: "europa@fintech.com", phone: "+49 69 90009 001", website: "https://www.fintech.com/de",
				address: address{line1: "Mainuferstraße 12", city: "Frankfurt am Main", postalCode: "60311", country: "DE"},
				taxID:   "DE 987 654 321", registration: "HRB 99887",
				phones: phones{format: "+49 69 90009 %03d", first: 100, count: 900},
				branches: []branch{{
					code: "FRANKFURT", name: "Frankfurt", phone: "+49 69 90009 002", headquarters: true, latitude: 50.1080, longitude: 8.6800,
					address:     address{line1: "Mainuferstraße 12", city: "Frankfurt am Main", postalCode: "60311", country: "DE"},
					departments: offices(8),
				}},
			},
		},
	}
}

// offices has separate departments for dealing, for control and for settlement.
func offices(size int) []department {
	desk := func(code, name string) department {
		return dept(code, name, staff{users: 2 + size, viewers: 1 + size/4})
	}
	control := func(code, name string) department { return dept(code, name, staff{users: 1 + size, viewers: 2}) }
	return []department{
		dept("FRONT", "Front office", staff{admins: 1, users: 2},
			desk("TRADING", "Sales and trading"), desk("WEALTH", "Wealth advice"), desk("ONBOARD", "Client onboarding")),
		dept("MIDDLE", "Middle office", staff{users: 2, viewers: 1},
			control("CONTROL", "Product control"), control("MARKETRISK", "Market risk"), control("COMPLIANCE", "Compliance")),
		dept("BACK", "Back office", staff{users: 2, viewers: 1, former: 1},
			desk("SETTLE", "Settlements"), desk("RECON", "Reconciliations"), control("RECORDS", "Client records")),
	}
}
