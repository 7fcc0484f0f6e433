package middleware

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/text"
)

// tidyNames normalises the names in a body (fields with x-name in their schemas) before their
// length is checked, because NFC changes the number of characters. It returns texts that aren't
// valid names as faults. pointer is the location of value in the body.
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
				continue // the schema refuses blank texts
			}
			name := text.Name(child)
			if object[field] = name; !text.IsName(name) {
				faults.Add(errs.Field{Pointer: place, Detail: "Use one line without invisible characters.", Code: "not_allowed"})
			}
		}
	}
	return faults
}
