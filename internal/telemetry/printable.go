package telemetry

import (
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// printable replaces non-ASCII control characters, and characters that are invisible or change the
// direction of text, by \uXXXX, which JSON decodes to the same character. It gets whole lines of
// the log, in any format. The formats themselves escape ASCII control characters.
type printable struct{ io.Writer }

func (p printable) Write(line []byte) (int, error) {
	clean := true
	for _, b := range line {
		if b >= 0x7F {
			clean = false
			break
		}
	}
	if clean {
		return p.Writer.Write(line)
	}
	if _, err := p.Writer.Write(escaped(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

func escaped(line []byte) []byte {
	out := make([]byte, 0, len(line))
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		switch {
		case r == utf8.RuneError && size == 1, r >= 0x7F && !isVisible(r):
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		default:
			out = append(out, line[i:i+size]...)
		}
		i += size
	}
	return out
}

// isVisible reports whether a character is visible or changes the look of the one before it. It
// returns false for spaces beyond ASCII.
func isVisible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && r != '\u2800'
}
