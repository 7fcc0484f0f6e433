package seed

import "time"

func retailChain() organisation {
	british := phones{format: "+44 7700 900%03d", first: 100, count: 900}
	return organisation{
		scenario: "retail-chain",
		tenant:   tenant{code: "FASHIONHUB", name: "Retail Chain", tier: "premium", maxCompanies: 20, maxUsers: 500},
		domain:   "fashionhub.com",
		since:    time.Date(2025, time.September, 1, 8, 0, 0, 0, time.UTC),
		weeks:    8,
		ceo:      ceo{email: "ceo@fashionhub.com", name: "Eleanor Whitcombe", phone: "+44 7700 900001"},
		companies: []company{
			{
				code: "FH-GROUP", name: "FashionHub Group plc", description: "The holding: board, finance, people, legal, brand",
				email: "group@fashionhub.com", phone: "+44 20 7946 0100", website: "https://www.fashionhub.com",
				address: address{line1: "18 Hanover Square", line2: "4th Floor", city: "London", postalCode: "W1S 1HX", country: "GB"},
				taxID:   "GB 987 6543 21", registration: "09876101",
				staff:  staff{admins: 3, users: 12, viewers: 5, former: 2},
				phones: british,
			},
			{
				code: "FH-RETAIL", name: "FashionHub Retail Limited", description: "Runs the stores: sales floors, visual merchandising, buying",
				email: "retail@fashionhub.com", phone: "+44 161 496 0200", website: "https://www.fashionhub.com/stores",
				address: address{line1: "82 King Street", city: "Manchester", postalCode: "M2 4WQ", country: "GB"},
				taxID:   "GB 987 6543 21", registration: "09876102",
				staff:  staff{admins: 2, users: 71, viewers: 26, former: 9},
				phones: british,
			},
			{
				code: "FH-ONLINE", name: "FashionHub Online Limited", description: "The web shop and the app, photography, customer service",
				email: "help@fashionhub.com", phone: "+44 117 496 0300", website: "https://shop.fashionhub.com",
				address: address{line1: "1 Temple Way", line2: "Unit 6", city: "Bristol", postalCode: "BS2 0BY", country: "GB"},
				taxID:   "GB 987 6543 21", registration: "09876103",
				staff:  staff{admins: 1, users: 21, viewers: 3, former: 2},
				phones: british,
			},
			{
				code: "FH-LOGISTICS", name: "FashionHub Logistics Limited", description: "Distribution centre, deliveries to the stores, returns",
				email: "logistics@fashionhub.com", phone: "+44 121 496 0400",
				address: address{
					line1: "Prologis Park, Midpoint Way", city: "Sutton Coldfield", state: "West Midlands", postalCode: "B76 9EH", country: "GB",
				},
				taxID: "GB 987 6543 21", registration: "09876104",
				staff:  staff{admins: 1, users: 19, viewers: 8, former: 2},
				phones: british,
			},
			{
				code: "FH-FRANCE", name: "FashionHub France SAS", description: "The subsidiary in France: design studio and sourcing",
				email: "bonjour@fashionhub.com", phone: "+33 1 99 00 05 00", website: "https://www.fashionhub.com/fr",
				address: address{line1: "24 rue du Sentier", city: "Paris", postalCode: "75002", country: "FR"},
				taxID:   "FR 00 987 654 321", registration: "987 654 321 R.C.S. Paris",
				staff:  staff{admins: 1, users: 8, viewers: 2, former: 1},
				phones: phones{format: "+33 6 39 98 50 %02d", first: 10, count: 90},
			},
			{
				code: "FH-CATALOGUE", name: "FashionHub Catalogue Limited", description: "Mail order; merged into FashionHub Online",
				email: "catalogue@fashionhub.com", phone: "+44 113 496 0500",
				address: address{line1: "12 Park Row", city: "Leeds", postalCode: "LS1 5HD", country: "GB"},
				taxID:   "GB 987 6543 21", registration: "09876105",
				closed: true,
			},
		},
	}
}
