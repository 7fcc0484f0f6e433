package resource

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Parse reads one description. An error begins with the file and the line.
func Parse(file string, text []byte) (Resource, error) {
	p := &parser{file: file}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return Resource{}, fmt.Errorf("%s:1: the description is empty", file)
	} else if err != nil {
		return Resource{}, fmt.Errorf("%s: %w", file, err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return Resource{}, fmt.Errorf("%s: a file has one description", file)
	}
	r := Resource{File: file}
	err := p.resource(&r, document.Content[0])
	if err == nil {
		err = p.check(&r)
	}
	return r, err
}

type parser struct {
	file string
	top  map[string]*yaml.Node // by top-level key; "" is the whole description
}

func (p *parser) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", p.file, n.Line, fmt.Errorf(format, args...))
}

// entry is a key and its value in a mapping.
type entry struct {
	key         string
	name, value *yaml.Node
}

// mapping returns the entries of a mapping in their order. A key that is given twice or isn't in
// known is an error. Without known, every key is allowed.
func (p *parser) mapping(n *yaml.Node, what string, known ...string) ([]entry, error) {
	if n.Kind != yaml.MappingNode {
		return nil, p.errorf(n, "%s must be a mapping of keys to values", what)
	}
	var entries []entry
	for i := 0; i < len(n.Content); i += 2 {
		e := entry{n.Content[i].Value, n.Content[i], n.Content[i+1]}
		if slices.ContainsFunc(entries, func(other entry) bool { return other.key == e.key }) {
			return nil, p.errorf(e.name, "%s is given twice", e.key)
		}
		if len(known) > 0 && !slices.Contains(known, e.key) {
			return nil, p.errorf(e.name, "unknown key %q in %s; known keys are %s", e.key, what, strings.Join(known, ", "))
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (p *parser) text(e entry) (string, error) {
	if e.value.Kind != yaml.ScalarNode || e.value.Tag == "!!null" || e.value.Value == "" {
		return "", p.errorf(e.value, "%s must be a text", e.key)
	}
	return e.value.Value, nil
}

// texts reads a list of texts, or a single one.
func (p *parser) texts(e entry) ([]string, error) {
	if e.value.Kind == yaml.ScalarNode {
		one, err := p.text(e)
		return []string{one}, err
	}
	if e.value.Kind != yaml.SequenceNode || len(e.value.Content) == 0 {
		return nil, p.errorf(e.value, "%s must be a list of texts", e.key)
	}
	var list []string
	for _, n := range e.value.Content {
		one, err := p.text(entry{key: e.key, value: n})
		if err != nil {
			return nil, err
		}
		if slices.Contains(list, one) {
			return nil, p.errorf(n, "%s has %q twice", e.key, one)
		}
		list = append(list, one)
	}
	return list, nil
}

func (p *parser) flag(e entry) (bool, error) {
	var on bool
	if err := e.value.Decode(&on); err != nil || e.value.Tag != "!!bool" {
		return false, p.errorf(e.value, "%s must be true or false", e.key)
	}
	return on, nil
}

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	pathForm = regexp.MustCompile(`^(/[a-z][a-z0-9-]*)+$`)
)

func (p *parser) resource(r *Resource, n *yaml.Node) error {
	entries, err := p.mapping(n, "a description", "name", "plural", "path", "tag", "package", "roles", "label", "fields", "sort")
	if err != nil {
		return err
	}
	p.top = map[string]*yaml.Node{"": n}
	for _, e := range entries {
		p.top[e.key] = e.value
		switch e.key {
		case "name":
			r.Name, err = p.text(e)
		case "plural":
			r.Plural, err = p.text(e)
		case "path":
			r.Path, err = p.text(e)
		case "tag":
			r.Tag, err = p.text(e)
		case "package":
			r.Package, err = p.text(e)
		case "label":
			r.Label, err = p.text(e)
		case "sort":
			r.Sort, err = p.texts(e)
		case "roles":
			err = p.roles(r, e)
		case "fields":
			err = p.fields(r, e)
		}
		if err != nil {
			return err
		}
	}
	return p.complete(r)
}

// complete checks the required keys and sets the defaults of the others.
func (p *parser) complete(r *Resource) error {
	for _, key := range []string{"name", "roles", "fields"} {
		if p.top[key] == nil {
			return p.errorf(p.top[""], "%s is missing", key)
		}
	}
	r.Plural = or(r.Plural, pluralOf(r.Name))
	r.Path = or(r.Path, "/"+strings.ReplaceAll(r.Plural, "_", "-"))
	r.Tag = or(r.Tag, r.Plural)
	r.Package = or(r.Package, strings.ReplaceAll(r.Name, "_", ""))
	for i, f := range r.Fields {
		switch {
		case f.Type.Kind != Ref || f.OnDelete != "":
		case f.Null:
			r.Fields[i].OnDelete = Detach
		case f.Fixed:
			r.Fields[i].OnDelete = Cascade
		}
	}
	if r.Sort == nil {
		r.Sort = []string{CreatedAt}
		if f, ok := r.Field("name"); ok && f.Type.Kind == Name && !f.Null {
			r.Sort = append(r.Sort, "name")
		}
	}
	if r.Label == "" {
		i := slices.IndexFunc(r.Fields, func(f Field) bool { return f.Name == "name" && f.Type.isText() && !f.Null })
		for _, fits := range []func(Field) bool{
			func(f Field) bool { return f.Type.Kind == Code && !f.Null },
			func(f Field) bool { return f.Type.isText() && f.Required() },
		} {
			if i < 0 {
				i = slices.IndexFunc(r.Fields, fits)
			}
		}
		if i < 0 {
			return p.errorf(p.top["fields"], "no field can be the label of a row: add a field of type name or code, or a required text")
		}
		r.Label = r.Fields[i].Name
	}
	return nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (p *parser) roles(r *Resource, e entry) error {
	roles, err := p.mapping(e.value, "roles", "read", "write")
	if err != nil {
		return err
	}
	for _, role := range roles {
		value, err := p.text(role)
		if err != nil {
			return err
		}
		if value != "viewer" && value != "admin" {
			return p.errorf(role.value, "unknown role %q; it must be viewer or admin", value)
		}
		if role.key == "read" {
			r.Read = value
		} else {
			r.Write = value
		}
	}
	if r.Read == "" || r.Write == "" {
		return p.errorf(e.value, "roles must have read and write")
	}
	return nil
}

func (p *parser) fields(r *Resource, e entry) error {
	fields, err := p.mapping(e.value, "fields")
	if err != nil {
		return err
	}
	if len(fields) == 0 {
		return p.errorf(e.value, "fields must have at least one field")
	}
	for _, field := range fields {
		f, err := p.field(field)
		if err != nil {
			return err
		}
		r.Fields = append(r.Fields, f)
	}
	return nil
}

func (p *parser) field(field entry) (Field, error) {
	f := Field{Name: field.key, Line: field.name.Line}
	entries, err := p.mapping(field.value, "the field "+f.Name,
		"type", "enum", "ref", "null", "default", "fixed", "search", "filter", "unique", "on_delete")
	if err != nil {
		return f, err
	}
	var fallback *yaml.Node
	for _, e := range entries {
		switch e.key {
		case "type", "enum", "ref":
			err = p.fieldType(&f, e)
		case "null":
			f.Null, err = p.flag(e)
		case "fixed":
			f.Fixed, err = p.flag(e)
		case "search":
			f.Search, f.Parts.Search, err = p.flagOrParts(e)
		case "filter":
			f.Filter, f.Parts.Filter, err = p.flagOrParts(e)
		case "unique":
			f.Unique, err = p.unique(e)
		case "on_delete":
			err = p.onDelete(&f, e)
		case "default":
			fallback = e.value
		}
		if err != nil {
			return f, err
		}
	}
	if f.Type.Kind == "" {
		return f, p.errorf(field.name, "%s must have a type, an enum or a ref", f.Name)
	}
	if fallback != nil {
		f.Default, err = p.fallback(f, fallback)
	}
	return f, err
}

func (p *parser) fieldType(f *Field, e entry) error {
	if f.Type.Kind != "" {
		return p.errorf(e.name, "%s must have only one of type, enum and ref", f.Name)
	}
	var err error
	switch e.key {
	case "enum":
		f.Type = Type{Kind: Enum}
		if f.Enum, err = p.texts(e); err != nil {
			return err
		}
		for _, value := range f.Enum {
			if !nameForm.MatchString(value) || len(value) > 32 {
				return p.errorf(e.value, "%q can't be a value of an enum: use lower-case letters, digits and _, at most 32 characters", value)
			}
		}
	case "ref":
		f.Type = UUID
		f.Ref, err = p.text(e)
	default:
		var text string
		if text, err = p.text(e); err != nil {
			return err
		}
		if f.Type, err = parseType(text); err != nil {
			return p.errorf(e.value, "%w", err)
		}
	}
	return err
}

// flagOrParts reads true, false, or parts of an address.
func (p *parser) flagOrParts(e entry) (bool, []string, error) {
	if e.value.Kind == yaml.ScalarNode {
		on, err := p.flag(e)
		return on, nil, err
	}
	parts, err := p.texts(e)
	for _, part := range parts {
		if !slices.Contains(AddressParts, part) {
			return false, nil, p.errorf(e.value, "an address has no part %q; its parts are %s", part, strings.Join(AddressParts, ", "))
		}
	}
	return false, parts, err
}

// unique reads true or the fields that together with this field must be unique.
func (p *parser) unique(e entry) ([]string, error) {
	if e.value.Tag == "!!bool" {
		on, err := p.flag(e)
		if !on {
			return nil, err
		}
		return []string{TenantID}, err
	}
	with, err := p.texts(e)
	return append([]string{TenantID}, with...), err
}

func (p *parser) onDelete(f *Field, e entry) error {
	text, err := p.text(e)
	f.OnDelete = OnDelete(text)
	if err == nil && f.OnDelete != Cascade && f.OnDelete != Detach && f.OnDelete != Custom {
		return p.errorf(e.value, "unknown on_delete %q; it must be cascade, detach or custom", text)
	}
	return err
}

func (p *parser) fallback(f Field, n *yaml.Node) (any, error) {
	switch f.Type.Kind {
	case Bool:
		return p.flag(entry{key: "default", value: n})
	case Int:
		var value int64
		if err := n.Decode(&value); err != nil || n.Tag != "!!int" {
			return nil, p.errorf(n, "the default of %s must be a whole number", f.Name)
		}
		return value, nil
	case Enum:
		if !slices.Contains(f.Enum, n.Value) {
			return nil, p.errorf(n, "the default of %s must be one of %s", f.Name, strings.Join(f.Enum, ", "))
		}
		return n.Value, nil
	default:
		return nil, p.errorf(n, "%s can't have a default: only bool, int and enum can", f.Name)
	}
}
