package seed

import (
	"fmt"
	"slices"
)

// Scale is how much of each organisation is loaded.
type Scale string

// The scales. The zero value is Full.
const (
	Full  Scale = "full"
	Small Scale = "small" // some dozen people each, for tests and quick starts
)

// Scales returns the names of all scales.
func Scales() []string { return []string{string(Full), string(Small)} }

func (s Scale) apply(o organisation) (organisation, error) {
	switch s {
	case Full, "":
		return o, nil
	case Small:
		return o.small(), nil
	default:
		return o, fmt.Errorf("unknown scale %q; there are %s and %s", string(s), Full, Small)
	}
}

// small keeps every company, with two of its branches, two departments in each, and one employee of
// each kind in each department.
func (o organisation) small() organisation {
	o.companies = slices.Clone(o.companies)
	for i := range o.companies {
		c := &o.companies[i]
		c.departments = fewer(c.departments, 2)
		c.branches = slices.Clone(c.branches[:min(2, len(c.branches))])
		for j := range c.branches {
			c.branches[j].departments = fewer(c.branches[j].departments, 2)
		}
	}
	return o
}

func fewer(list []department, n int) []department {
	list = slices.Clone(list[:min(n, len(list))])
	for i := range list {
		s := list[i].staff
		list[i].staff = staff{admins: min(1, s.admins), users: min(1, s.users), viewers: min(1, s.viewers), former: min(1, s.former)}
		list[i].parts = fewer(list[i].parts, 1)
	}
	return list
}
