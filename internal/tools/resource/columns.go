package resource

import "slices"

// Column is a column of a resource's table.
type Column struct {
	Name  string
	Type  Type
	Null  bool
	Field string // the field that it stores all or a part of; "" if clients can't set it
	Fixed bool   // never changes after creation
}

// UUID is the type of ids and references.
var UUID = Type{Kind: Ref}

// Names of the columns that are no fields. Every resource has them, except NameKey and SearchText.
const (
	TenantID   = "tenant_id"
	ID         = "id"
	NameKey    = "name_key"    // the name in lower case; only if lists can be sorted by name
	SearchText = "search_text" // the text that q searches; only if a field is searched
	CreatedAt  = "created_at"
	UpdatedAt  = "updated_at"
	Version    = "version"
)

// Columns returns all columns of the table in their order.
func (r Resource) Columns() []Column {
	columns := []Column{{Name: TenantID, Type: UUID, Fixed: true}, {Name: ID, Type: UUID, Fixed: true}}
	for _, f := range r.Fields {
		if f.Type.Kind == Address {
			for _, part := range AddressParts {
				columns = append(columns, Column{Name: AddressColumn(part), Type: Type{Kind: Text, Size: addressSizes[part]}, Null: true, Field: f.Name})
			}
			continue
		}
		columns = append(columns, Column{Name: f.Name, Type: f.Type, Null: f.Null, Field: f.Name, Fixed: f.Fixed})
		if f.Type.Kind == Name && f.Name == "name" && r.sortsBy("name") {
			columns = append(columns, Column{Name: NameKey, Type: Type{Kind: Code, Size: f.Type.Size}})
		}
	}
	if r.IsSearched() {
		columns = append(columns, Column{Name: SearchText, Type: Type{Kind: Text, Size: 0}})
	}
	return append(columns,
		Column{Name: CreatedAt, Type: Type{Kind: Time}, Fixed: true},
		Column{Name: UpdatedAt, Type: Type{Kind: Time}},
		Column{Name: Version, Type: Type{Kind: Int}})
}

// addressSizes are the maximal numbers of characters of the parts of an address.
var addressSizes = map[string]int{"line1": 200, "line2": 200, "city": 100, "state": 100, "postal_code": 20, "country": 100}

func (r Resource) sortsBy(field string) bool { return slices.Contains(r.Sort, field) }

// SortColumn returns the column that sorts a list by a field.
func SortColumn(field string) string {
	if field == "name" {
		return NameKey
	}
	return field
}

// Updated returns the columns that an update of a row writes, without the version.
func (r Resource) Updated() []Column {
	var columns []Column
	for _, c := range r.Columns() {
		if !c.Fixed && c.Name != Version {
			columns = append(columns, c)
		}
	}
	return columns
}
