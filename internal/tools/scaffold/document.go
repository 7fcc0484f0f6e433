package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// These methods are called by the template of the tag's file. It has first texts, which you should
// improve.

// Title returns the plural as a heading.
func (v view) Title() string { return resource.Capitalized(v.PluralWords()) }

// UniqueIn returns in words where a code is unique.
func (v view) UniqueIn() string {
	for _, f := range v.Fields {
		if f.Type.Kind == resource.Code && len(f.Unique) > 1 {
			return resource.Words(strings.TrimSuffix(f.Unique[len(f.Unique)-1], "_id"))
		}
	}
	return "tenant"
}

// sortsAsUsual reports whether lists have the standard orders: by time and by name.
func (v view) sortsAsUsual() bool { return slices.Equal(v.Sort, []string{resource.CreatedAt, "name"}) }

// sortParameter returns the parameter sort with the orders of this resource.
func (v view) sortParameter() string {
	var values, names []string
	for _, key := range v.Sort {
		values = append(values, key, "-"+key)
		names = append(names, resource.GoName(key), resource.GoName(key)+"Desc")
	}
	return fmt.Sprintf("{name: sort, in: query, description: The order of the list. A minus sign reverses it., "+
		"schema: {type: string, enum: [%s], default: %s, x-enum-varnames: [%s]}, example: %s}",
		strings.Join(values, ", "), values[0], strings.Join(names, ", "), values[1])
}

// ExampleID returns the id of the row in examples: a UUIDv7 that depends only on the name.
func (v view) ExampleID() string { return exampleID(v.Name, "") }

// NewID returns the id of the new row in the example of a create request.
func (v view) NewID() string { return exampleID(v.Name, "new") }

func exampleID(name, which string) string {
	h := sha256.Sum256([]byte(name + which))
	return fmt.Sprintf("019371a0-5c00-7%03x-9%03x-%012x", int(h[0])<<4|int(h[1])>>4, int(h[2])<<4|int(h[3])>>4, h[4:10])
}

// readOperations returns the GET operations of the document by operationId, with the id in the
// example of the reply; "" if it has none.
func readOperations(fsys fs.FS) (map[string]string, error) {
	text, err := fs.ReadFile(fsys, "openapi/openapi.yaml")
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	var bundle struct {
		Paths map[string]struct {
			Get struct {
				OperationID string `yaml:"operationId"`
				Responses   map[string]struct {
					Content map[string]struct {
						Example yaml.Node `yaml:"example"`
					} `yaml:"content"`
				} `yaml:"responses"`
			} `yaml:"get"`
		} `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &bundle); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	operations := map[string]string{}
	for _, item := range bundle.Paths {
		var row struct {
			ID string `yaml:"id"`
		}
		example := item.Get.Responses["200"].Content["application/json"].Example
		if example.Kind == yaml.MappingNode {
			if err := example.Decode(&row); err != nil {
				return nil, fmt.Errorf("read the document: the example of %s: %w", item.Get.OperationID, err)
			}
		}
		operations[item.Get.OperationID] = row.ID
	}
	return operations, nil
}

// exampleOf returns the id that examples have for a referred row.
func (v view) exampleOf(entity string) string {
	if id := v.operations["get"+resource.GoName(entity)]; id != "" {
		return id
	}
	return exampleID(entity, "")
}

// Properties returns the properties of the schema.
func (v view) Properties() []string {
	lines := make([]string, len(v.Fields))
	for i, f := range v.Fields {
		lines[i] = f.Name + ": {" + strings.Join(v.property(f), ", ") + "}"
	}
	return lines
}

func (v view) property(f resource.Field) []string {
	first, _ := samples(f)
	keys := v.schema(f)
	if f.Null && f.Type.Kind != resource.Email && f.Type.Kind != resource.Phone {
		keys = append(keys, "nullable: true")
	}
	if f.Fixed {
		keys = append(keys, "x-fixed: true")
	}
	if f.Default != nil {
		keys = append(keys, fmt.Sprintf("x-default: %v", f.Default))
	}
	switch f.Type.Kind {
	case resource.Address:
		return keys
	case resource.Ref:
		if f.Ref == "company" && f.Name == "company_id" && f.Fixed {
			return keys
		}
		return append(keys, "description: "+quote(v.meaning(f)), "example: "+v.exampleOf(f.Ref))
	case resource.Code, resource.Email, resource.Phone:
		return append(keys, "example: "+first.JSON)
	case resource.Name:
		if f.Name == "name" {
			return append(keys, "example: "+first.JSON)
		}
	}
	return append(keys, "description: "+quote(v.meaning(f)), "example: "+first.JSON)
}

// schema returns the schema of the field in requests.
func (v view) schema(f resource.Field) []string {
	switch f.Type.Kind {
	case resource.Code:
		return []string{"x-like: code"}
	case resource.Name:
		return []string{"x-like: name"}
	case resource.Email:
		return like("email", f)
	case resource.Phone:
		return like("phone", f)
	case resource.Address:
		return []string{"x-like: address"}
	case resource.URL:
		return []string{
			"type: string", fmt.Sprintf("maxLength: %d", f.Type.Size), `pattern: '^[Hh][Tt][Tt][Pp][Ss]?://\S+$'`,
			"x-message: Use a web address that begins with http:// or https:// and has no blanks.",
		}
	case resource.Bool:
		return []string{"type: boolean"}
	case resource.Int:
		// The range of integers that JavaScript represents exactly.
		return []string{"type: integer", "format: int64", "minimum: -9007199254740991", "maximum: 9007199254740991"}
	case resource.Float:
		return []string{"type: number", "format: double"}
	case resource.Decimal:
		return []string{"type: string", "format: decimal", "pattern: '" + document.DecimalPattern(f.Type.Size, f.Type.Scale) + "'"}
	case resource.Date:
		return []string{"type: string", "format: date"}
	case resource.Time:
		return []string{"type: string", "format: date-time"}
	case resource.Enum:
		return []string{"type: string", "enum: [" + strings.Join(f.Enum, ", ") + "]"}
	case resource.Ref:
		if f.Ref == "company" && f.Name == "company_id" && f.Fixed {
			return []string{"x-like: company_id"}
		}
		return []string{"type: string", "format: uuid", "x-entity: " + f.Ref}
	default:
		if f.Null {
			return []string{"type: string", fmt.Sprintf("maxLength: %d", f.Type.Size)}
		}
		return []string{"type: string", "minLength: 1", fmt.Sprintf("maxLength: %d", f.Type.Size)}
	}
}

// like returns the keys that use a template for a field, which may be null.
func like(name string, f resource.Field) []string {
	if f.Null {
		return []string{"x-like: " + name}
	}
	return []string{"x-like: " + name, "nullable: null"}
}

// meaning returns a first description of a field.
func (v view) meaning(f resource.Field) string {
	words := resource.Words(f.Name)
	switch f.Type.Kind {
	case resource.Ref:
		of := strings.TrimSuffix(words, " id")
		text := "The " + of + " of the " + v.Words()
		if of != resource.Words(f.Ref) {
			text += ", " + resource.WithArticle(resource.Words(f.Ref))
		}
		if f.SameCompany {
			text += ", of the same company"
		}
		return text + "."
	case resource.Bool:
		return "Whether the " + v.Words() + " " + words + "."
	case resource.Decimal:
		return fmt.Sprintf("The %s of the %s: an exact number with %d digits after the point.", words, v.Words(), f.Type.Scale)
	case resource.Date:
		return resource.Capitalized(words) + " of the " + v.Words() + ": a date without a time zone."
	default:
		return resource.Capitalized(words) + " of the " + v.Words() + "."
	}
}

// Parameters returns the parameters of the list, without the standard ones.
func (v view) Parameters() []string {
	var lines []string
	if !v.sortsAsUsual() {
		lines = append(lines, v.sortParameter())
	}
	for _, f := range v.Fields {
		if f.Filter {
			lines = append(lines, v.parameter(f))
		}
		for _, part := range f.Parts.Filter {
			if part == "country" {
				lines = append(lines, "x-like: filter_country")
				continue
			}
			lines = append(lines, fmt.Sprintf("{name: %s, in: query, description: %s, schema: {type: string, minLength: 1, maxLength: 200}, example: Oslo}",
				part, quote("Only <nouns> whose address has exactly this "+resource.Words(part)+".")))
		}
	}
	return lines
}

func (v view) parameter(f resource.Field) string {
	first, _ := samples(f)
	schema := strings.Join(v.schema(f), ", ")
	description := "Only <nouns> whose `" + f.Name + "` is this."
	extra := ""
	switch f.Type.Kind {
	case resource.Code:
		if f.Name == "code" {
			return "{x-like: filter_code, example: " + first.JSON + "}"
		}
		schema = "type: string, minLength: 1, maxLength: 32"
	case resource.Ref:
		if f.Ref == "company" && f.Name == "company_id" {
			return "$ref: '#/components/parameters/CompanyID'"
		}
		first.JSON, schema, extra = v.exampleOf(f.Ref), "type: string, format: uuid", " x-entity: "+f.Ref+","
	case resource.Bool:
		if f.Name == "is_active" {
			return "x-like: filter_is_active"
		}
		description = "Only <nouns> for which " + f.Name + " is `true`, or only those for which it is `false`."
	case resource.Name, resource.Text, resource.Email, resource.Phone, resource.URL:
		schema = fmt.Sprintf("type: string, minLength: 1, maxLength: %d", f.Type.Size)
	}
	return fmt.Sprintf("{name: %s, in: query,%s description: %s, schema: {%s}, example: %s}", f.Name, extra, quote(description), schema, first.JSON)
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// CreateExample returns the example of a create request: the required fields.
func (v view) CreateExample() string {
	var pairs []string
	for _, f := range v.Fields {
		if !f.Required() {
			continue
		}
		_, second := samples(f)
		value := second.JSON
		if f.Type.Kind == resource.Ref {
			value = v.exampleOf(f.Ref)
		}
		pairs = append(pairs, f.Name+": "+value)
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// UpdateExample returns the example of an update request: one field.
func (v view) UpdateExample() string {
	label, _ := v.Field(v.Label)
	_, second := samples(label)
	return "{" + label.Name + ": " + second.JSON + "}"
}

// CreateDescription returns the description of creation, with its errors.
func (v view) CreateDescription() string {
	sentences := []string{"Adds " + resource.WithArticle(v.Words()) + "."}
	if len(v.References()) > 0 {
		sentences = append(sentences, "What it refers to has to exist (400 `unknown_reference`).")
	}
	for _, key := range v.UniqueKeys() {
		sentences = append(sentences, fmt.Sprintf("Its `%s` may be no other %s's (409 `already_exists`).", key[len(key)-1], v.Words()))
	}
	return strings.Join(sentences, " ")
}
