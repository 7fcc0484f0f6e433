// Package document loads the OpenAPI document and defines how values are validated against it.
package document

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/text"
	"github.com/tenantry/tenantry/openapi"
)

// Load returns the embedded document. It returns an error if the document is invalid.
func Load() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi.YAML)
	if err != nil {
		return nil, fmt.Errorf("load OpenAPI document: %w", err)
	}
	if err := doc.Validate(context.Background(), openapi3.SetRegexCompiler(compilePattern)); err != nil {
		return nil, fmt.Errorf("the OpenAPI document is not valid: %w", err)
	}
	if err := CheckFormats(doc); err != nil {
		return nil, fmt.Errorf("the OpenAPI document is not valid: %w", err)
	}
	return doc, nil
}

// Shared is Load for callers that don't change the document. It returns the same document each
// time.
var Shared = sync.OnceValues(Load)

// SchemaOptions makes the validator check everything in the document, and report all faults instead
// of the first.
func SchemaOptions() []openapi3.SchemaValidationOption {
	return []openapi3.SchemaValidationOption{
		openapi3.MultiErrors(),
		openapi3.SetSchemaRegexCompiler(compilePattern),
		openapi3.WithStringFormatValidators(formats()),
	}
}

// IsUUID reports whether s is a UUID in the form of RFC 9562, section 4, in upper or lower case. It
// accepts any version and variant, because ids in a database that was filled by other programs may
// have them.
func IsUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		switch c := s[i]; {
		case dash && c == '-':
		case !dash && ('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'):
		default:
			return false
		}
	}
	return true
}

// notBlank is \S in ECMA 262, the notation of patterns in the document: it also excludes Unicode
// white space. \S in Go excludes only ASCII white space.
const notBlank = `[^\s\v\p{Z}\x{feff}]`

func compilePattern(pattern string) (openapi3.RegexMatcher, error) {
	if pattern == NotBlank {
		return visible{}, nil
	}
	return regexp.Compile(strings.ReplaceAll(pattern, `\S`, notBlank))
}

// NotBlank is the pattern of texts that must not be blank.
const NotBlank = `\S`

// visible matches texts with a visible character.
type visible struct{}

func (visible) MatchString(s string) bool { return !text.IsBlank(s) }
