package servers

import (
	"strings"
	"testing"
)

func TestIsDebian(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		release string
		want    bool
	}{
		"Debian":                   {"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n", true},
		"Ubuntu":                   {"NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n", true},
		"a relative of a relative": {"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", true},
		"Fedora":                   {"ID=fedora\n", false},
		"named in another field":   {"ID=alpine\nVARIANT_ID=debian\nHOME_URL=https://debian.org\n", false},
		"only similar":             {"ID=debianish\n", false},
		"empty":                    {"", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := isDebian(strings.NewReader(test.release)); got != test.want {
				t.Errorf("isDebian = %t, want %t", got, test.want)
			}
		})
	}
}
