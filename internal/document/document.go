// Package document loads the OpenAPI document and knows how values are checked against it.
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

// Load returns the embedded document, after checking that it is a valid one.
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

// Shared returns what Load does, and the same one each time: for those who don't change it.
var Shared = sync.OnceValues(Load)

// SchemaOptions makes the validator check all that the document says, and find every fault at once.
func SchemaOptions() []openapi3.SchemaValidationOption {
	return []openapi3.SchemaValidationOption{
		openapi3.MultiErrors(),
		openapi3.SetSchemaRegexCompiler(compilePattern),
		openapi3.WithStringFormatValidators(formats()),
	}
}

// IsUUID reports whether s is a UUID as RFC 9562, section 4, writes it, in upper or lower case.
// Version and variant may be any, because a database that was filled elsewhere may have such ids.
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

// Patterns of the document are ECMA 262, where \S is no Unicode white space either; in Go it is no
// ASCII white space only.
const notBlank = `[^\s\v\p{Z}\x{feff}]`

func compilePattern(pattern string) (openapi3.RegexMatcher, error) {
	if pattern == NotBlank {
		return visible{}, nil
	}
	return regexp.Compile(strings.ReplaceAll(pattern, `\S`, notBlank))
}

// NotBlank is the pattern of texts that must not be blank.
const NotBlank = `\S`

// visible matches texts that show something: invisible characters count as blanks.
type visible struct{}

func (visible) MatchString(s string) bool { return !text.IsBlank(s) }
