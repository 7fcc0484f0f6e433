package main

import (
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// goTypes maps the type and format of a value to its Go type.
type goTypes map[string]goType

type goType struct{ Type, Import string }

// readGoTypes returns the standard types of oapi-codegen and those of the type mapping in
// oapi-codegen.yaml.
func readGoTypes(file string) (goTypes, error) {
	var config struct {
		Output struct {
			Types map[string]struct {
				Formats map[string]goType `yaml:"formats"`
			} `yaml:"type-mapping"` //nolint:tagliatelle // the format of oapi-codegen
		} `yaml:"output-options"` //nolint:tagliatelle // the format of oapi-codegen
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	types := goTypes{
		"string":          {Type: "string"},
		"string uuid":     {Type: "openapi_types.UUID"},
		"boolean":         {Type: "bool"},
		"integer int32":   {Type: "int32"},
		"integer int64":   {Type: "int64"},
		"number double":   {Type: "float64"},
		"string password": {Type: "string"},
	}
	for kind, mapped := range config.Output.Types {
		for format, goType := range mapped.Formats {
			types[kind+" "+format] = goType
		}
	}
	return types, nil
}

// addNullableTypes sets the Go type of nullable fields of requests, so that Go can distinguish null
// from absent. An update leaves absent fields unchanged.
func (b *bundler) addNullableTypes(schema *yaml.Node) {
	for key, property := range entries(get(schema, "properties")) {
		if value(property, "nullable") != "true" || get(property, "x-go-type") != nil {
			continue
		}
		kind := value(property, "type")
		if format := value(property, "format"); format != "" {
			kind += " " + format
		}
		found, isKnown := b.goTypes[kind]
		if all := items(get(property, "allOf")); len(all) == 1 {
			found, isKnown = goType{Type: schemaName(all[0])}, true
		}
		if !isKnown {
			b.faultf(property, "the nullable field %s has no Go type for %s: add it to the type-mapping in oapi-codegen.yaml", key.Value, kind)
			continue
		}
		set(property, "x-go-type", text("nullable.Nullable["+found.Type+"]"))
		set(property, "x-go-type-skip-optional-pointer", plain("true"))
		if found.Import != "" {
			imported := flow(newMapping())
			set(imported, "path", text(found.Import))
			set(property, "x-go-type-import", imported)
		}
	}
}
