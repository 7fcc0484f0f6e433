package text_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/text"
)

func TestIsBlank(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", " ", "\t\n", "\u00a0\u3000", "\u200b", "\u2060\u202c", "\u00ad", "\ufe0f", "\U000e0041", "\u3164", "\u115f", "\u2800", "\ufeff\u200d", "\u034f"} {
		if !text.IsBlank(s) {
			t.Errorf("%+q isn't blank", s)
		}
	}
	for _, s := range []string{"a", " a ", "\u200ba", "\U0001f9ed", "\u0301", "\u0600", "\ue000"} {
		if text.IsBlank(s) {
			t.Errorf("%+q is blank", s)
		}
	}
}

func TestCharacters(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{
		"": 0, "abc": 3, "a b": 3, "é": 1, "e\u0301": 1, "🧭🧭🧭": 3, "👨‍👩‍👧‍👦": 1, "👍🏽": 1, "🇩🇪🇫🇷": 2, "❤️": 1, "한국": 2, "नि": 1,
		"\u200b\u200b": 0, "a\u200bb": 2, "\u00ad": 0,
	} {
		if got := text.Characters(s); got != want {
			t.Errorf("%+q has %d, want %d", s, got, want)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		" Zoe\u0308 ": "Zo\u00eb", "\u3000a b\u00a0": "a b", "\u1112\u1161\u11ab": "\ud55c", "Zo\u00eb": "Zo\u00eb",
	} {
		if got := text.Name(given); got != want {
			t.Errorf("%+q is %+q, want %+q", given, got, want)
		}
	}
}

func TestIsName(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"Acme", "O'Neil & Søn GmbH", "a\u3000b", "שלום", "ישראל \"בע\u05f4מ\"", "می\u200cخواهم", "क्\u200dष", "র\u200d্যাব", "👩\u200d💻", "❤\ufe0f", "葛\U000e0100城", "1\ufe0f⃣",
		"👩\u200d❤\ufe0f\u200d👩", "🏳\ufe0f\u200d🌈",
	} {
		if !text.IsName(s) {
			t.Errorf("%+q isn't a name", s)
		}
	}
	for _, s := range []string{
		"a\u200bb", "a\u2060b", "a\u202eb", "\u202aab\u202c", "\u2066ab\u2069", "a\u00adb", "a\u200db", "a\u200cb", "é\u200d!", "a\ufe0f", "\ufeffa", "a\u200e", "א\u200f", "b\U000e0041",
		"a\nb", "a\tb", "a\u001bb", "a\u0085b", "a\u2028b", "a\u3164b", "a\u180eb", "می\u200c", " \u200db", "a\u034fb", "4\u200d2",
	} {
		if text.IsName(s) {
			t.Errorf("%+q is a name", s)
		}
	}
}
