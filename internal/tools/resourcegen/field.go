package main

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// field is what templates see of a field.
type field struct {
	resource.Field

	of kind
}

// Go returns the name of the field in Go.
func (f field) Go() string { return resource.GoName(f.Name) }

// Short returns the name without _id, in Go: for the queries about a reference.
func (f field) Short() string { return resource.GoName(strings.TrimSuffix(f.Name, "_id")) }

// OnCreate returns the statement that puts the field of a request to create a row into the row.
func (f field) OnCreate() string {
	value := "in." + f.Go()
	if f.Required() {
		value = "&" + value
	}
	return f.put(value)
}

// OnUpdate returns the statement that puts the field of a request to change a row into the row; ""
// if it is fixed.
func (f field) OnUpdate() string {
	if f.Fixed {
		return ""
	}
	return f.put("in." + f.Go())
}

func (f field) put(value string) string {
	column := "&row." + f.Go()
	if f.Type.Kind == resource.Address {
		return fmt.Sprintf("records.Address{%s}.Apply(%s)", addressParts("&row."), value)
	}
	set := "Set"
	if f.Null {
		set = "Apply"
	}
	switch {
	case f.Type.Kind == resource.Code:
		value = "records.UpperCase(" + value + ")"
	case f.Type.Kind == resource.Enum && f.Null:
		value = "records.Strings(" + value + ")"
	case f.Type.Kind == resource.Enum:
		value = "(*string)(" + value + ")"
	case f.Type.Kind == resource.Time && f.Null:
		value = "records.Times(" + value + ")"
	case f.Type.Kind == resource.Time:
		value = "records.Time(" + value + ")"
	}
	return fmt.Sprintf("patch.%s(%s, %s)", set, column, value)
}

// ToAPI returns the value of the field in a reply.
func (f field) ToAPI() string {
	column := "row." + f.Go()
	switch {
	case f.Type.Kind == resource.Address:
		return "api.Address{" + addressParts("row.") + "}"
	case f.Type.Kind == resource.Enum && f.Null:
		return fmt.Sprintf("(*api.%s%s)(%s)", f.of.GoName(), f.Go(), column)
	case f.Type.Kind == resource.Enum:
		return fmt.Sprintf("api.%s%s(%s)", f.of.GoName(), f.Go(), column)
	case f.Type.Kind == resource.Time && f.Null:
		return "openapi.OptionalTime(" + column + ")"
	case f.Type.Kind == resource.Time:
		return "openapi.Time{Time: " + column + "}"
	default:
		return column
	}
}

// Fallback returns the value that a new row has if a request says nothing, in Go; "" if it is the
// zero value.
func (f field) Fallback() string {
	switch value := f.Default.(type) {
	case string:
		return fmt.Sprintf("%q", value)
	case nil:
		return ""
	default:
		if value == false || value == int64(0) {
			return ""
		}
		return fmt.Sprint(value)
	}
}

// addressParts returns the columns of an address as the fields of a struct.
func addressParts(prefix string) string {
	parts := make([]string, len(resource.AddressParts))
	for i, part := range resource.AddressParts {
		parts[i] = resource.GoName(part) + ": " + prefix + resource.GoName(resource.AddressColumn(part))
	}
	return strings.Join(parts, ", ")
}

// SearchedTexts returns pointers to the texts that a row is found by.
func (k kind) SearchedTexts() []string {
	var texts []string
	for f, part := range k.Searched() {
		if part != "" {
			texts = append(texts, "row."+resource.GoName(resource.AddressColumn(part)))
			continue
		}
		text := "row." + resource.GoName(f.Name)
		if !f.Null {
			text = "&" + text
		}
		if f.Type.Kind == resource.Email {
			text = "records.EmailText(" + text + ")"
		}
		texts = append(texts, text)
	}
	return texts
}

// Filter is a parameter of a list that only lets some rows through.
type Filter struct {
	Column string
	Value  string // of the parameter, in Go
}

// Go returns the name of the filter in Go.
func (f Filter) Go() string { return resource.GoName(f.Column) }

// ListFilters returns the filters of the list.
func (k kind) ListFilters() []Filter {
	var filters []Filter
	for _, f := range k.Fields {
		for _, part := range f.Parts.Filter {
			filters = append(filters, Filter{resource.AddressColumn(part), "in." + resource.GoName(part)})
		}
		if !f.Filter {
			continue
		}
		value := "in." + resource.GoName(f.Name)
		switch f.Type.Kind {
		case resource.Code:
			value = "records.UpperCase(" + value + ")"
		case resource.Enum:
			value = "(*string)(" + value + ")"
		case resource.Time:
			value = "records.Time(" + value + ")"
		default:
		}
		filters = append(filters, Filter{f.Name, value})
	}
	return filters
}

// Missing returns what a client is told if the row that a reference names isn't there.
func (f field) Missing() string {
	if f.SameCompany {
		return fmt.Sprintf("There is no such %s in this company.", resource.Words(f.Ref))
	}
	return fmt.Sprintf("There is no such %s.", resource.Words(f.Ref))
}

// Target returns the Go name of what a reference names.
func (f field) Target() string { return resource.GoName(f.Ref) }

// LocksCompany reports whether the reference says for good which company the row belongs to.
func (f field) LocksCompany() bool {
	parent, ok := f.of.Parent()
	return ok && parent.Name == f.Name
}

// Fits returns the condition that the row that a reference names has to meet, in Go; "true" if it
// only has to be there.
func (f field) Fits() string {
	if !f.SameCompany {
		return "true"
	}
	target := f.of.all.byName(f.Ref)
	return fmt.Sprintf("target.%s == row.%s", target.ParentField(), f.of.ParentField())
}

// ForeignKey returns the name of the constraint.
func (f field) ForeignKey() string {
	return resource.Identifier(f.of.Plural, f.of.ForeignKey(f.Field), "fkey")
}
