package resource

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Kind is a type of values, without its size.
type Kind string

// The kinds of fields. A description has keys for enum and ref; it gives the others as type.
const (
	Code    Kind = "code"  // upper case, at most 32 characters
	Name    Kind = "name"  // one line of at most 200 characters
	Text    Kind = "text"  // of at most Size characters
	Email   Kind = "email" // a canonical address, at most 254 characters
	Phone   Kind = "phone" // at most 32 characters
	URL     Kind = "url"   // at most 500 characters
	Bool    Kind = "bool"
	Int     Kind = "int"   // 64 bits
	Float   Kind = "float" // 64 bits
	Decimal Kind = "decimal"
	Date    Kind = "date"
	Time    Kind = "time" // microseconds, UTC
	Enum    Kind = "enum"
	Ref     Kind = "ref"
	Address Kind = "address" // six columns, one object for clients
)

// Type is a kind with its parameters.
type Type struct {
	Kind  Kind
	Size  int // maximal number of characters of a text, or of digits of a decimal
	Scale int // digits of a decimal after the point
}

// String returns the type as descriptions write it.
func (t Type) String() string {
	switch t.Kind {
	case Text:
		return fmt.Sprintf("text(%d)", t.Size)
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Size, t.Scale)
	default:
		return string(t.Kind)
	}
}

// AddressParts are the names of an address's parts in the API.
var AddressParts = []string{"line1", "line2", "city", "state", "postal_code", "country"}

// AddressColumn returns the column of a part of an address.
func AddressColumn(part string) string {
	if strings.HasPrefix(part, "line") {
		return "address_" + part
	}
	return part
}

var (
	textType    = regexp.MustCompile(`^text\((\d+)\)$`)
	decimalType = regexp.MustCompile(`^decimal\((\d+), ?(\d+)\)$`)
	plainTypes  = map[string]Type{
		"code": {Kind: Code, Size: 32}, "name": {Kind: Name, Size: 200}, "email": {Kind: Email, Size: 254},
		"phone": {Kind: Phone, Size: 32}, "url": {Kind: URL, Size: 500}, "bool": {Kind: Bool}, "int": {Kind: Int},
		"float": {Kind: Float}, "date": {Kind: Date}, "time": {Kind: Time}, "address": {Kind: Address},
	}
)

// Size limits. A decimal.Decimal has at most 19 digits, and a row has at most 65,535 bytes on
// MySQL.
const (
	maxText   = 10000
	maxDigits = 19
)

func parseType(text string) (Type, error) {
	if t, ok := plainTypes[text]; ok {
		return t, nil
	}
	if m := textType.FindStringSubmatch(text); m != nil {
		size, err := strconv.Atoi(m[1])
		if err != nil || size < 1 || size > maxText {
			return Type{}, fmt.Errorf("the size of a text must be 1 to %d characters, not %s", maxText, m[1])
		}
		return Type{Kind: Text, Size: size}, nil
	}
	if m := decimalType.FindStringSubmatch(text); m != nil {
		digits, err := strconv.Atoi(m[1])
		scale, scaleErr := strconv.Atoi(m[2])
		if err != nil || scaleErr != nil || digits < 1 || digits > maxDigits || scale >= digits {
			return Type{}, fmt.Errorf("a decimal must have 1 to %d digits, at least one of them before the point; this is %s", maxDigits, text)
		}
		return Type{Kind: Decimal, Size: digits, Scale: scale}, nil
	}
	return Type{}, fmt.Errorf("unknown type %q; it must be code, name, text(n), email, phone, url, bool, int, float, "+
		"decimal(digits,scale), date, time or address; enum and ref are keys of their own", text)
}

// isText reports whether the values are texts, which q can search.
func (t Type) isText() bool {
	switch t.Kind {
	case Code, Name, Text, Email, Phone, URL:
		return true
	default:
		return false
	}
}

// maxKeyText is the maximal number of characters of a text in an index. MySQL allows 3072 bytes in
// all columns of an index and needs 4 bytes for a character.
const maxKeyText = 255

// isKey reports whether values can be part of an index and compared for equality.
func (t Type) isKey() bool {
	if t.Kind == Float || t.Kind == Address {
		return false
	}
	return !t.isText() || t.Size <= maxKeyText
}

// isSortable reports whether a list can be sorted by the values.
func (t Type) isSortable() bool {
	switch t.Kind {
	case Code, Name, Int, Decimal, Date, Time:
		return true
	default:
		return false
	}
}
