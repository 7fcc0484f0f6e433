package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/store/dburl"
)

// Fault describes an invalid setting.
type Fault struct {
	Name     string // of the variable, or the place in the .env file
	Expected string // what is expected and, where it helps, how to get there; never a secret's value
}

// Faults is the error of Load. It has at most one fault for each setting.
type Faults struct {
	List []Fault
}

// Error lists the faults, one per line.
func (f *Faults) Error() string {
	width := 0
	for _, fault := range f.List {
		width = max(width, len(fault.Name))
	}
	var b strings.Builder
	if len(f.List) == 1 {
		b.WriteString("1 setting needs your attention:")
	} else {
		fmt.Fprintf(&b, "%d settings need your attention:", len(f.List))
	}
	for _, fault := range f.List {
		fmt.Fprintf(&b, "\n  %-*s  %s", width, fault.Name, fault.Expected)
	}
	return b.String()
}

// add keeps only the first fault of a setting, because later ones may be consequences of it.
func (f *Faults) add(name, expected string) {
	known := func(fault Fault) bool { return fault.Name == name }
	if !slices.ContainsFunc(f.List, known) {
		f.List = append(f.List, Fault{Name: name, Expected: expected})
	}
}

// addError adds the error of a parser. It may concern another variable or a file that the setting
// relies on.
func (f *Faults) addError(name string, err error) {
	if elsewhere, ok := errors.AsType[*dburl.Elsewhere](err); ok {
		f.add(elsewhere.Name, elsewhere.Fault)
		return
	}
	f.add(name, err.Error())
}
