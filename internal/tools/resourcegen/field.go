package main

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// field is a field with the methods that templates call.
type field struct {
	resource.Field

	of kind
}

// Go returns the Go name of the field.
func (f field) Go() string { return resource.GoName(f.Name) }

// Short returns the Go name without ID, for the names of queries by this reference.
func (f field) Short() string { return resource.GoName(strings.TrimSuffix(f.Name, "_id")) }

// OnCreate returns the Go statement that copies the field from a create request to a row.
func (f field) OnCreate() string {
	value := "in." + f.Go()
	if f.Required() {
		value = "&" + value
	}
	return f.put(value)
}

// OnUpdate returns the Go statement that copies the field from an update request to a row; "" if
// the field is fixed.
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

// ToAPI returns the Go expression for the field in a reply.
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

// Fallback returns the default of a new row as a Go expression; "" if it is the zero value.
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

// addressParts returns the fields of a struct literal that takes the address from columns.
func addressParts(prefix string) string {
	parts := make([]string, len(resource.AddressParts))
	for i, part := range resource.AddressParts {
		parts[i] = resource.GoName(part) + ": " + prefix + resource.GoName(resource.AddressColumn(part))
	}
	return strings.Join(parts, ", ")
}

// SearchedTexts returns Go expressions for the texts that q searches; they are pointers.
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

// Filter is a parameter of a list that selects rows by the value of a column.
type Filter struct {
	Column string
	Value  string // the Go expression for the value of the parameter
}

// Go returns the Go name of the filter.
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

// Missing returns the error text for a reference to a row that doesn't exist.
func (f field) Missing() string {
	if f.SameCompany {
		return fmt.Sprintf("There is no such %s in this company.", resource.Words(f.Ref))
	}
	return fmt.Sprintf("There is no such %s.", resource.Words(f.Ref))
}

// Target returns the Go name of the resource that the reference refers to.
func (f field) Target() string { return resource.GoName(f.Ref) }

// LocksCompany reports whether this reference names the company of the row for good. Creating a row
// locks that company.
func (f field) LocksCompany() bool {
	parent, ok := f.of.Parent()
	return ok && parent.Name == f.Name
}

// Fits returns the Go condition that the referred row, target, must meet; "true" if it only has to
// exist.
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
