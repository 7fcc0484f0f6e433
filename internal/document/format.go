package document

import "slices"

// unchecked are the formats that need no check of a text: the type says all, or they are hints for forms.
var unchecked = map[string][]string{
	"string":  {"password"},
	"integer": {"int32", "int64"},
	"number":  {"double"},
}

// IsFormat reports whether the program knows a format of a type. The validator takes every value of an unknown one.
func IsFormat(kind, format string) bool {
	_, isChecked := formats()[format]
	return kind == "string" && isChecked || slices.Contains(unchecked[kind], format)
}
