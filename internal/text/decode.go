package text

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// Decode decodes the content of a text file: UTF-8, or UTF-16 with a byte order mark, as PowerShell
// writes it. The mark is removed.
func Decode(content []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(content, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return strings.TrimPrefix(string(content), "\ufeff")
	}
	var units []uint16
	for rest := content[2:]; len(rest) > 1; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return string(utf16.Decode(units))
}
