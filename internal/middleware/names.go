package middleware

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/text"
)

// tidyNames brings the names in a body (x-name of their schemas) into the form in which they are stored, before their length is checked:
// NFC has other numbers of characters. Texts that can't be names are returned as faults. pointer is the place of value in the body.
func tidyNames(schema *openapi3.Schema, value any, pointer string) errs.Faults {
	var faults errs.Faults
	object, _ := value.(map[string]any)
	for field, child := range object {
		known := property(schema, field)
		if known == nil {
			continue
		}
		place := pointer + "/" + escapePointer(field)
		switch child := child.(type) {
		case map[string]any:
			faults.Join(tidyNames(known, child, place))
		case string:
			if known.Extensions["x-name"] != true || known.Pattern == document.NotBlank && text.IsBlank(child) {
				continue // the schema refuses a blank one
			}
			name := text.Name(child)
			if object[field] = name; !text.IsName(name) {
				faults.Add(errs.Field{Pointer: place, Detail: "Use one line without invisible characters.", Code: "not_allowed"})
			}
		}
	}
	return faults
}
