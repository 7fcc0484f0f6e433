package seed

import (
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// place is where people work, with the row of its department. Places are in the same order as in
// the data.
type place struct {
	company    *company
	department db.Department
	staff      staff
	phones     phones
}

// structure has the rows that the tenant created before anybody except the first admin had an
// account, in their first version.
type structure struct {
	companies   []db.Company
	branches    []db.Branch
	departments []db.Department // a department comes after the one that it is part of
	places      []place
	closed      []uuid.UUID // companies and branches that were closed later
}

// clock returns ids and times, each later than the previous one.
type clock struct {
	r  random
	at time.Time
}

func (c *clock) next() (uuid.UUID, time.Time) {
	c.at = c.at.Add(setUpStep)
	return c.r.id(c.at), c.at
}

func (o organisation) structure(c *clock, tenantID uuid.UUID) structure {
	var s structure
	for i := range o.companies {
		company := &o.companies[i]
		id, at := c.next()
		s.companies = append(s.companies, company.row(tenantID, id, at))
		if company.closed {
			s.closed = append(s.closed, id)
		}
		s.add(c, place{company: company, phones: company.phones, department: db.Department{TenantID: tenantID, CompanyID: id}}, "", company.departments)
		for _, b := range company.branches {
			branchID, at := c.next()
			s.branches = append(s.branches, b.row(tenantID, id, branchID, at))
			if b.closed {
				s.closed = append(s.closed, branchID)
			}
			numbers := b.phones
			if numbers == (phones{}) {
				numbers = company.phones
			}
			in := place{company: company, phones: numbers, department: db.Department{TenantID: tenantID, CompanyID: id, BranchID: &branchID}}
			s.add(c, in, b.code+"-", b.departments)
		}
	}
	return s
}

// add adds departments and their parts. in has the columns that they share.
func (s *structure) add(c *clock, in place, prefix string, list []department) {
	for _, d := range list {
		id, at := c.next()
		p := in
		p.staff = d.staff
		p.department.ID, p.department.Code, p.department.Name, p.department.IsActive = id, prefix+d.code, d.name, true
		p.department.CreatedAt, p.department.UpdatedAt, p.department.Version = at, at, 1
		s.departments = append(s.departments, p.department)
		s.places = append(s.places, p)
		below := in
		below.department.ParentID = &id
		s.add(c, below, prefix, d.parts)
	}
}

func (c company) row(tenantID, id uuid.UUID, at time.Time) db.Company {
	return db.Company{
		TenantID: tenantID, ID: id, Code: c.code, Name: c.name, Description: optional(c.description),
		Email: optional(c.email), Phone: optional(c.phone), Website: optional(c.website),
		AddressLine1: optional(c.address.line1), AddressLine2: optional(c.address.line2), City: optional(c.address.city),
		State: optional(c.address.state), PostalCode: optional(c.address.postalCode), Country: optional(c.address.country),
		TaxID: optional(c.taxID), RegistrationNumber: optional(c.registration), IsActive: true,
		CreatedAt: at, UpdatedAt: at, Version: 1,
	}
}

func (b branch) row(tenantID, companyID, id uuid.UUID, at time.Time) db.Branch {
	row := db.Branch{
		TenantID: tenantID, ID: id, CompanyID: companyID, Code: b.code, Name: b.name, Phone: optional(b.phone),
		AddressLine1: optional(b.address.line1), AddressLine2: optional(b.address.line2), City: optional(b.address.city),
		State: optional(b.address.state), PostalCode: optional(b.address.postalCode), Country: optional(b.address.country),
		IsHeadquarters: b.headquarters, IsActive: true, CreatedAt: at, UpdatedAt: at, Version: 1,
	}
	if b.latitude != 0 {
		row.Latitude, row.Longitude = &b.latitude, &b.longitude
	}
	return row
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
