package seed

import "time"

func retailChain() organisation {
	british := phones{format: "+44 7700 900%03d", first: 100, count: 900}
	return organisation{
		scenario: "retail-chain",
		about:    "A British fashion chain: 15 stores from Aberdeen to Plymouth, a web shop, a distribution centre, a design studio in Paris, and one company that was closed.",
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
				phones: british,
				departments: []department{
					dept("BOARD", "Board office", staff{users: 1, viewers: 1}),
					dept("FINANCE", "Finance", staff{admins: 1, users: 4, viewers: 2, former: 1}, dept("AUDIT", "Internal audit", staff{users: 1, viewers: 1})),
					dept("PEOPLE", "People", staff{admins: 1, users: 3, viewers: 1, former: 1}),
					dept("IT", "Information technology", staff{admins: 1, users: 3}),
				},
			},
			{
				code: "FH-RETAIL", name: "FashionHub Retail Limited", description: "Runs the stores: sales floors, visual merchandising, buying",
				email: "retail@fashionhub.com", phone: "+44 161 496 0200", website: "https://www.fashionhub.com/stores",
				address: address{line1: "82 King Street", city: "Manchester", postalCode: "M2 4WQ", country: "GB"},
				taxID:   "GB 987 6543 21", registration: "09876102",
				phones: british,
				departments: []department{
					dept("OPERATIONS", "Store operations", staff{admins: 2, users: 3}),
					dept("BUYING", "Buying and merchandising", staff{users: 4}),
				},
				branches: fashionStores(),
			},
			{
				code: "FH-ONLINE", name: "FashionHub Online Limited", description: "The web shop and the app, photography, customer service",
				email: "help@fashionhub.com", phone: "+44 117 496 0300", website: "https://shop.fashionhub.com",
				address: address{line1: "1 Temple Way", line2: "Unit 6", city: "Bristol", postalCode: "BS2 0BY", country: "GB"},
				taxID:   "GB 987 6543 21", registration: "09876103",
				phones: british,
				departments: []department{
					dept("SHOP", "Web shop and app", staff{admins: 1, users: 9, viewers: 1, former: 1}),
					dept("STUDIO", "Photography", staff{users: 3}),
					dept("SERVICE", "Customer service", staff{users: 9, viewers: 2, former: 1}),
				},
			},
			{
				code: "FH-LOGISTICS", name: "FashionHub Logistics Limited", description: "Distribution centre, deliveries to the stores, returns",
				email: "logistics@fashionhub.com", phone: "+44 121 496 0400",
				address: address{
					line1: "Prologis Park, Midpoint Way", city: "Sutton Coldfield", state: "West Midlands", postalCode: "B76 9EH", country: "GB",
				},
				taxID: "GB 987 6543 21", registration: "09876104",
				phones: british,
				branches: []branch{{
					code: "DC", name: "Distribution centre", phone: "+44 121 496 0401", latitude: 52.5480, longitude: -1.7440, headquarters: true,
					address: address{
						line1: "Prologis Park, Midpoint Way", city: "Sutton Coldfield", state: "West Midlands", postalCode: "B76 9EH", country: "GB",
					},
					departments: []department{
						dept("GOODSIN", "Goods in", staff{users: 6, viewers: 2}),
						dept("PICKING", "Picking and packing", staff{admins: 1, users: 8, viewers: 3, former: 1}),
						dept("FLEET", "Deliveries", staff{users: 3, viewers: 1, former: 1}),
						dept("RETURNS", "Returns", staff{users: 2, viewers: 2}),
					},
				}},
			},
			{
				code: "FH-FRANCE", name: "FashionHub France SAS", description: "The subsidiary in France: design studio and sourcing",
				email: "bonjour@fashionhub.com", phone: "+33 1 99 00 05 00", website: "https://www.fashionhub.com/fr",
				address: address{line1: "24 rue du Sentier", city: "Paris", postalCode: "75002", country: "FR"},
				taxID:   "FR 00 987 654 321", registration: "987 654 321 R.C.S. Paris",
				phones: phones{format: "+33 6 39 98 50 %02d", first: 10, count: 90},
				departments: []department{
					dept("DESIGN", "Design studio", staff{admins: 1, users: 5, viewers: 1}),
					dept("SOURCING", "Sourcing", staff{users: 3, viewers: 1, former: 1}),
				},
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

func fashionStores() []branch {
	stores := []branch{
		{code: "S01", name: "London Oxford Street", latitude: 51.5154, longitude: -0.1410, address: address{line1: "301 Oxford Street", city: "London", postalCode: "W1C 2DN"}},
		{code: "S02", name: "Manchester", latitude: 53.4830, longitude: -2.2410, address: address{line1: "44 Market Street", city: "Manchester", postalCode: "M1 1WA"}},
		{code: "S03", name: "Birmingham", latitude: 52.4790, longitude: -1.8940, address: address{line1: "19 New Street", city: "Birmingham", postalCode: "B2 4RH"}},
		{code: "S04", name: "Glasgow", latitude: 55.8610, longitude: -4.2540, address: address{line1: "120 Buchanan Street", city: "Glasgow", postalCode: "G1 2JW"}},
		{code: "S05", name: "Edinburgh", latitude: 55.9520, longitude: -3.1960, address: address{line1: "71 Princes Street", city: "Edinburgh", postalCode: "EH2 2DF"}},
		{code: "S06", name: "Leeds", latitude: 53.7970, longitude: -1.5440, address: address{line1: "36 Briggate", city: "Leeds", postalCode: "LS1 6HD"}},
		{code: "S07", name: "Liverpool", latitude: 53.4050, longitude: -2.9860, address: address{line1: "8 Church Street", city: "Liverpool", postalCode: "L1 3AX"}},
		{code: "S08", name: "Bristol", latitude: 51.4580, longitude: -2.5880, address: address{line1: "27 Broadmead", city: "Bristol", postalCode: "BS1 3HH"}},
		{code: "S09", name: "Sheffield", latitude: 53.3800, longitude: -1.4700, address: address{line1: "55 Fargate", city: "Sheffield", postalCode: "S1 2HE"}},
		{code: "S10", name: "Newcastle", latitude: 54.9750, longitude: -1.6130, address: address{line1: "92 Northumberland Street", city: "Newcastle upon Tyne", postalCode: "NE1 7DE"}},
		{code: "S11", name: "Cardiff", latitude: 51.4800, longitude: -3.1780, address: address{line1: "14 Queen Street", city: "Cardiff", postalCode: "CF10 2BU"}},
		{code: "S12", name: "Nottingham", latitude: 52.9540, longitude: -1.1500, address: address{line1: "3 Clumber Street", city: "Nottingham", postalCode: "NG1 3GA"}},
		{code: "S13", name: "Brighton", latitude: 50.8230, longitude: -0.1430, address: address{line1: "60 Western Road", city: "Brighton", postalCode: "BN1 2HA"}},
		{code: "S14", name: "Plymouth", latitude: 50.3720, longitude: -4.1430, address: address{line1: "21 New George Street", city: "Plymouth", postalCode: "PL1 1RL"}},
		{code: "S15", name: "Aberdeen", latitude: 57.1480, longitude: -2.0980, address: address{line1: "188 Union Street", city: "Aberdeen", postalCode: "AB10 1QS"}},
	}
	for i := range stores {
		s := &stores[i]
		s.address.country = "GB"
		floor := staff{users: 3, viewers: 1}
		switch {
		case i < 5: // the flagships
			floor = staff{users: 3, viewers: 2, former: 1}
		case i == len(stores)-1: // the newest
			floor.users = 2
		}
		s.departments = []department{
			dept("FLOOR", "Sales floor", floor),
			dept("TILLS", "Tills and returns", staff{users: 1}),
			dept("STOCK", "Stockroom", staff{users: 1}),
		}
	}
	return stores
}
