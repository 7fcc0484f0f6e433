package seed

import "time"

func techStartup() organisation {
	return organisation{
		scenario: "tech-startup",
		about:    "A young software company in San Francisco with a laboratory in Austin and a sales office in Berlin.",
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
				phones: phones{format: "+1 415 555 %04d", first: 110, count: 90},
				branches: []branch{{
					code: "SF", name: "San Francisco", phone: "+1 415 555 0102", headquarters: true, latitude: 37.7886, longitude: -122.3986,
					address: address{
						line1: "535 Mission Street", line2: "Floor 14", city: "San Francisco", state: "CA", postalCode: "94105", country: "US",
					},
					departments: []department{
						dept("LEAD", "Leadership and operations", staff{admins: 1, viewers: 1}),
						dept("ENG", "Engineering", staff{admins: 1, users: 1, former: 1},
							dept("PLATFORM", "Platform", staff{users: 2}), dept("APPS", "Applications", staff{users: 2})),
						dept("DESIGN", "Design", staff{users: 2}),
						dept("GROWTH", "Growth and marketing", staff{users: 2, viewers: 1}),
					},
				}},
			},
			{
				code: "TECHSTART-LABS", name: "TechStart Labs LLC", description: "Research: prototypes, machine learning, patents",
				email: "labs@techstart.com", phone: "+1 512 555 0140", website: "https://labs.techstart.com",
				address: address{line1: "701 Brazos Street", line2: "Suite 500", city: "Austin", state: "TX", postalCode: "78701", country: "US"},
				taxID:   "12-3456790", registration: "0804417725",
				phones: phones{format: "+1 512 555 %04d", first: 150, count: 50},
				branches: []branch{{
					code: "AUSTIN", name: "Austin laboratory", phone: "+1 512 555 0141", latitude: 30.2700, longitude: -97.7403,
					address: address{line1: "701 Brazos Street", line2: "Suite 500", city: "Austin", state: "TX", postalCode: "78701", country: "US"},
					departments: []department{
						dept("ML", "Machine learning", staff{users: 3}),
						dept("PROTO", "Prototypes", staff{users: 2, viewers: 1}),
					},
				}},
			},
			{
				code: "TECHSTART-EU", name: "TechStart Europe GmbH", description: "Sales and customer success for Europe",
				email: "europa@techstart.com", phone: "+49 30 23125 100", website: "https://techstart.com/de",
				address: address{line1: "Torstraße 49", city: "Berlin", postalCode: "10119", country: "DE"},
				taxID:   "DE 123 456 789", registration: "HRB 204418 B",
				phones: phones{format: "+49 30 23125 %03d", first: 101, count: 800},
				branches: []branch{{
					code: "BERLIN", name: "Berlin", phone: "+49 30 23125 999", latitude: 52.5286, longitude: 13.4030,
					address: address{line1: "Torstraße 49", city: "Berlin", postalCode: "10119", country: "DE"},
					departments: []department{
						dept("SALES", "Sales", staff{admins: 1, users: 1}),
						dept("SUCCESS", "Customer success", staff{users: 1, viewers: 1}),
					},
				}},
			},
		},
	}
}
