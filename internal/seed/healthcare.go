package seed

import "time"

func healthcareNetwork() organisation {
	return organisation{
		scenario: "healthcare-network",
		about:    "Three hospitals in the north and the middle of England, each with its wards below their divisions, a laboratory, and the group that runs them.",
		tenant:   tenant{code: "MEDCARE", name: "Healthcare Network", tier: "enterprise", maxCompanies: 25, maxUsers: 2500},
		domain:   "medcare.com",
		since:    time.Date(2025, time.August, 4, 8, 0, 0, 0, time.UTC),
		weeks:    10,
		ceo:      ceo{email: "ceo@medcare.com", name: "Judith Ashworth", phone: "+44 113 496 0001"},
		companies: []company{
			{
				code: "MC-GROUP", name: "MedCare Group Limited", description: "Runs the network: finance, people, digital, quality",
				email: "office@medcare.com", phone: "+44 113 496 0002", website: "https://www.medcare.com",
				address: address{line1: "4 Wellington Court", line2: "6th Floor", city: "Leeds", postalCode: "LS1 4WC", country: "GB"},
				taxID:   "GB 246 8135 79", registration: "08123401",
				phones: phones{format: "+44 113 496 0%03d", first: 700, count: 290},
				departments: []department{
					dept("BOARD", "Board office", staff{users: 1, viewers: 2}),
					dept("FINANCE", "Finance", staff{users: 12, viewers: 4, former: 1}),
					dept("PEOPLE", "People", staff{admins: 2, users: 9, viewers: 3, former: 1}, dept("TRAINING", "Training and education", staff{users: 4, viewers: 1})),
					dept("DIGITAL", "Digital services", staff{admins: 3, users: 10, former: 1}, dept("DESK", "Service desk", staff{admins: 1, users: 6, viewers: 1})),
					dept("QUALITY", "Quality and patient safety", staff{users: 6, viewers: 6}),
				},
			},
			{
				code: "MC-HOSPITALS", name: "MedCare Hospitals Limited", description: "The three hospitals",
				email: "hospitals@medcare.com", phone: "+44 113 496 0003", website: "https://www.medcare.com/hospitals",
				address: address{line1: "4 Wellington Court", line2: "5th Floor", city: "Leeds", postalCode: "LS1 4WC", country: "GB"},
				taxID:   "GB 246 8135 79", registration: "08123402",
				phones: phones{format: "+44 113 496 0%03d", first: 100, count: 500},
				branches: []branch{
					{
						code: "AIRESIDE", name: "Aireside General Hospital", phone: "+44 113 496 0010", headquarters: true, latitude: 53.7940, longitude: -1.5560,
						address:     address{line1: "1 Hospital Way", city: "Leeds", postalCode: "LS12 9AG", country: "GB"},
						departments: hospital(4),
					},
					{
						code: "RIVELIN", name: "Rivelin Valley Hospital", phone: "+44 114 496 0010", latitude: 53.3860, longitude: -1.5080,
						address:     address{line1: "200 Rivelin Road", city: "Sheffield", postalCode: "S6 9RV", country: "GB"},
						phones:      phones{format: "+44 114 496 0%03d", first: 100, count: 900},
						departments: hospital(3),
					},
					{
						code: "TRENTSIDE", name: "Trentside Hospital", phone: "+44 115 496 0010", latitude: 52.9370, longitude: -1.1610,
						address:     address{line1: "15 Embankment Drive", city: "Nottingham", postalCode: "NG2 9TS", country: "GB"},
						phones:      phones{format: "+44 115 496 0%03d", first: 100, count: 900},
						departments: hospital(2),
					},
				},
			},
			{
				code: "MC-LABS", name: "MedCare Laboratories Limited", description: "Pathology for the hospitals and for practices",
				email: "labs@medcare.com", phone: "+44 114 496 0004", website: "https://labs.medcare.com",
				address: address{line1: "9 Furnace Hill", city: "Sheffield", postalCode: "S3 9FH", country: "GB"},
				taxID:   "GB 246 8135 79", registration: "08123403",
				phones: phones{format: "+44 7700 900%03d", first: 100, count: 900},
				branches: []branch{{
					code: "CENTRAL", name: "Central laboratory", phone: "+44 114 496 0005", latitude: 53.3870, longitude: -1.4720,
					address: address{line1: "9 Furnace Hill", city: "Sheffield", postalCode: "S3 9FH", country: "GB"},
					departments: []department{
						dept("PATHOLOGY", "Pathology", staff{admins: 1, users: 3},
							dept("HAEM", "Haematology", staff{users: 10, viewers: 2, former: 1}),
							dept("CHEM", "Clinical chemistry", staff{users: 11, viewers: 2}),
							dept("MICRO", "Microbiology", staff{users: 9, viewers: 3, former: 1})),
						dept("COURIER", "Sample transport", staff{users: 4, viewers: 4}),
					},
				}},
			},
		},
	}
}

// hospital has divisions with wards and units. A larger size means more people in each.
func hospital(size int) []department {
	ward := func(code, name string) department {
		return dept(code, name, staff{users: 5 + 2*size, viewers: 2 + size, former: size / 3})
	}
	unit := func(code, name string) department { return dept(code, name, staff{users: 5 + size, viewers: 2}) }
	lead := staff{users: 2, viewers: 1}
	return []department{
		dept("MGMT", "Hospital management", staff{admins: 1, users: 2 + size, viewers: 1},
			unit("ADMISSIONS", "Admissions and records"), unit("FACILITIES", "Estates and facilities")),
		dept("EMERGENCY", "Emergency department", lead,
			unit("TRIAGE", "Triage"), unit("RESUS", "Resuscitation"), ward("OBS", "Observation ward")),
		dept("SURGERY", "Surgery", lead,
			unit("THEATRE", "Operating theatres"), unit("RECOVERY", "Recovery"), unit("DAYSURG", "Day surgery"), ward("SURGWARD", "Surgical ward")),
		dept("MEDICINE", "Medicine", lead,
			ward("ACUTE", "Acute medical ward"), ward("CARDIO", "Cardiology ward"), ward("RESP", "Respiratory ward"), ward("ELDERLY", "Care of the elderly")),
		dept("FAMILY", "Women and children", lead,
			dept("MATERNITY", "Maternity", lead, ward("LABOUR", "Labour ward"), ward("POSTNATAL", "Postnatal ward")),
			dept("PAEDS", "Paediatrics", lead, ward("CHILDREN", "Children's ward"), unit("NEONATAL", "Neonatal unit"))),
		dept("CRITICAL", "Critical care", lead, ward("ICU", "Intensive care"), unit("HDU", "High dependency unit")),
		dept("SUPPORT", "Clinical support", lead, unit("RADIOLOGY", "Radiology"), unit("PHARMACY", "Pharmacy"), unit("OUTPATIENT", "Outpatient clinics")),
	}
}
