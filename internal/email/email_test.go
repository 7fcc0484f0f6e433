package email_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/email"
)

func TestAnAddressHasOneForm(t *testing.T) {
	t.Parallel()
	for want, forms := range map[string][]string{
		"info@example.com":      {"Info@Example.COM", "info@ｅxample.com", "ｉnfo@example.com", "info@example。com"},
		"info@bücher.example":   {"info@xn--bcher-kva.example", "INFO@XN--BCHER-KVA.example", "info@BÜCHER.example", "info@bu\u0308cher.example", "info@bücher．example"},
		"zoë@bücher.example":    {"zoe\u0308@xn--bcher-kva.example", "ZOË@bücher.EXAMPLE"},
		"a@straße.example":      {"a@xn--strae-oqa.example", "a@STRAẞE.example"},
		"한@한국.example":          {"\u1112\u1161\u11ab@xn--3e0b707e.example"},
		"ｶﾅ@example.com":        nil,
		"i\u0307x@example.com":  {"\u0130x@example.com", "I\u0307x@example.com"},
		"\u0131x@example.com":   nil,
		"οδος.σα@x.example":     {"ΟΔΟΣ.ΣΑ@x.example", "οδοσ.ςα@x.example"},
		"κύμα@x.example":        {"ΚΎΜΑ@x.example", "κύ\u00b5α@x.example"},
		"süß@x.example":         {"SÜẞ@x.example", "ſÜß@x.example"},
		"a_b@c_d.example":       {"A_B@C_D.example"},
		"a@[192.0.2.1]":         nil,
		"a@sub.xn--a-b.example": nil,
	} {
		for _, form := range append(forms, want) {
			got, err := email.Canonical(form)
			switch {
			case strings.Contains(form, "xn--a-b"):
				if err == nil {
					t.Errorf("%q has a label that no domain has, and is %q", form, got)
				}
			case strings.Contains(form, "ｶﾅ"):
				if got != "カナ@example.com" {
					t.Errorf("%q is %q (%v)", form, got, err)
				}
			case err != nil || got != want:
				t.Errorf("%+q is %+q (%v), want %+q", form, got, err, want)
			}
		}
	}
}

func TestInvalidAddresses(t *testing.T) {
	t.Parallel()
	const none, hidden, domain = "Use an e-mail address like name@example.com.", "Use an e-mail address without invisible characters.", "Use an e-mail address with a valid domain."
	for address, want := range map[string]string{
		"": none, "nobody": none, "a@": none, "@example.com": none, "a@b@example.com": none, "a b@example.com": none, "a\u3000b@example.com": none,
		"a＠example.com": none, "a＠b@example.com": none, "a﹫b@example.com": none,
		"a\u200bb@example.com": hidden, "ab\u2060@example.com": hidden, "ab@exam\u202cple.com": hidden, "a\u00adb@example.com": hidden, "ab@exam\u00adple.com": hidden,
		"a\ufe0f@example.com": hidden, "a\U000e0041@example.com": hidden, "a\u200d@example.com": hidden, "a\u0001@example.com": hidden, "a@example.com\n": hidden,
		"a\u3164@example.com": hidden, "a\u034fb@example.com": hidden, "\ufeffa@example.com": hidden, "a@xn--3e0b707e\u200b.example": hidden,
		"a@example.com.": domain, "a@.example.com": domain, "a@example..com": domain, "a@bücher..example": domain, "a@xn--.example": domain, "a@xn--a.example": domain,
		"a@-bücher.example": domain, "a@" + strings.Repeat("ü", 64) + ".example": domain, "a@אa.example": domain,
	} {
		if got := email.Fault(address); got != want {
			t.Errorf("%+q: %q, want %q", address, got, want)
		}
		if email.Valid(address) {
			t.Errorf("%+q is valid", address)
		}
	}
}

// A character may become several in the canonical form, which must have at most 254.
func TestCanonicalFormIsNotTooLong(t *testing.T) {
	t.Parallel()
	address := strings.Repeat("\u0958", 120) + "@example.com" // two characters each in NFC
	if _, err := email.Canonical(strings.Repeat("\u0958", 130) + "@example.com"); err == nil {
		t.Error("Canonical accepts an address whose canonical form has more than 254 characters")
	}
	if got, err := email.Canonical(address); err != nil || len([]rune(got)) != 252 {
		t.Errorf("%d characters (%v), want 252", len([]rune(got)), err)
	}
	if long := strings.Repeat("a", 250) + "@example.com"; email.Valid(long) || email.Fault(long) != "" {
		t.Error("an address of more than 254 characters is valid, or has another fault")
	}
}

func TestASCII(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"info@bücher.example": "info@xn--bcher-kva.example", "zoë@example.com": "zoë@example.com", "nobody": "nobody", "": "", "a@b_c.example": "a@b_c.example",
	} {
		if got := email.ASCII(address); got != want {
			t.Errorf("%q is %q, want %q", address, got, want)
		}
	}
}

// A canonical address doesn't change if it is made canonical again.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{"Info@BÜCHER.example", "İ@a.b", "ſ@ẞ.example", "ᾳ\u0301@x", "\u212a\u0345@\u2126.gr", "ΟΔΟΣ@ΟΔΟΣ.gr", "σς.Σ\u0301ς@x.gr", "\u0131\u0307@x.y", "ǅ@xn--bcher-kva", "ﷺ@x.y", "a\u0345\u0301@b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		canonical, err := email.Canonical(address)
		if err != nil {
			return
		}
		if again, err := email.Canonical(canonical); err != nil || again != canonical {
			t.Errorf("%+q becomes %+q, and that %+q (%v)", address, canonical, again, err)
		}
		if ascii, err := email.Canonical(email.ASCII(canonical)); err != nil || ascii != canonical {
			t.Errorf("%+q is %+q, and by %+q it is %+q (%v)", address, canonical, email.ASCII(canonical), ascii, err)
		}
	})
}
