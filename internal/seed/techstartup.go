package seed

import "time"

func techStartup() organisation {
	return organisation{
		scenario: "tech-startup",
		tenant:   tenant{code: "TECHSTART", name: "Tech Startup", tier: "basic", maxCompanies: 5, maxUsers: 50},
		domain:   "techstart.com",
		since:    time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC),
		weeks:    4,
		ceo:      ceo{email: "ceo@techstart.com", name: "Maya Lindqvist", phone: "+1 415 555 0101"},
		companies: []company{
			{
				code: "TECHSTART-HQ", name: "TechStart Inc.", description: "Product and headquarters",
				email: "hello@techstart.com", phone: "+1 415 555 0100", website: "https://techstart.com",
				address: address{
					line1: "535 Mission Street", line2: "Floor 14", city: "San Francisco", state: "CA", postalCode: "94105", country: "US",
				},
				taxID: "12-3456789", registration: "C4021187",
				staff:  staff{admins: 2, users: 9, viewers: 2, former: 1},
				phones: phones{format: "+1 415 555 %04d", first: 110, count: 90},
			},
			{
				code: "TECHSTART-LABS", name: "TechStart Labs LLC", description: "Research: prototypes, machine learning, patents",
				email: "labs@techstart.com", phone: "+1 512 555 0140", website: "https://labs.techstart.com",
				address: address{line1: "701 Brazos Street", line2: "Suite 500", city: "Austin", state: "TX", postalCode: "78701", country: "US"},
				taxID:   "12-3456790", registration: "0804417725",
				staff:  staff{users: 5, viewers: 1},
				phones: phones{format: "+1 512 555 %04d", first: 150, count: 50},
			},
			{
				code: "TECHSTART-EU", name: "TechStart Europe GmbH", description: "Sales and customer success for Europe",
				email: "europa@techstart.com", phone: "+49 30 23125 100", website: "https://techstart.com/de",
				address: address{line1: "Torstraße 49", city: "Berlin", postalCode: "10119", country: "DE"},
				taxID:   "DE 123 456 789", registration: "HRB 204418 B",
				staff:  staff{admins: 1, users: 2, viewers: 1},
				phones: phones{format: "+49 30 23125 %03d", first: 101, count: 800},
			},
		},
	}
}
