package config_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/tenantry/tenantry/internal/config"
)

func TestEnvironmentWinsOverTheFile(t *testing.T) {
	t.Parallel()
	file := dotenv(t, "APP_NAME=file\nBCRYPT_COST=5\nHTTP_ADDR=:1\n")
	cfg, err := config.Load([]string{"APP_NAME=env", "BCRYPT_COST="}, file)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.AppName != "env" || cfg.BcryptCost != 5 || cfg.HTTPAddr != ":1" {
		t.Errorf("got %q, %d, %q; an empty variable must not hide the file's", cfg.AppName, cfg.BcryptCost, cfg.HTTPAddr)
	}
}

func TestEnvironmentIsOnlyTheArgument(t *testing.T) {
	t.Setenv("APP_NAME", "from the process")
	if got := load(t).AppName; got != "Tenantry" {
		t.Errorf("AppName = %q", got)
	}
}

func TestDotenvForms(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"APP_NAME=plain":                              "plain",
		"  export APP_NAME = spaced out  ":            "spaced out",
		"\ufeffAPP_NAME=windows\r\nDEBUG=no\r\n":      "windows",
		"APP_NAME=p#ss$HOME=":                         "p#ss$HOME=",
		"APP_NAME=value # comment":                    "value",
		"APP_NAME='single $HOME # \\n' # comment":     `single $HOME # \n`,
		`APP_NAME="double \"quoted\" \\ \$"`:          `double "quoted" \ $`,
		"# comment\n\n\t# another\nAPP_NAME=after":    "after",
		"APP_NAME=first\nAPP_NAME=last":               "last",
		"OTHER=\"two\nlines\"\nAPP_NAME=after":        "after",
		"unknown.name=ignored\nLC-x=1\nAPP_NAME=kept": "kept",
		"APP_NAME=":           "Tenantry",
		"APP_NAME= # nothing": "Tenantry",
	} {
		cfg, err := config.Load(nil, dotenv(t, line))
		if err != nil {
			t.Errorf("%q: %v", line, err)
		} else if cfg.AppName != want {
			t.Errorf("%q gives %q, want %q", line, cfg.AppName, want)
		}
	}
}

func TestMalformedLinesAreNamedByNumber(t *testing.T) {
	t.Parallel()
	path := dotenv(t, "# comment\nSECRET_KEY hunter2\nAPP_NAME=\"two\nlines\"\nDATABASE_URL='hunter2\nBCRYPT_COST=99\n")
	found := faults(t, nil, path)
	for _, name := range []string{".env line 2", ".env line 5", "BCRYPT_COST"} {
		if found[name] == "" {
			t.Errorf("no fault named %q in %v", name, found)
		}
	}
	if _, err := config.Load(nil, path); len(found) != 3 || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("want three faults and no value of a line: %v", err)
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), ".env")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if found := faults(t, nil, dir); found[".env"] == "" {
		t.Errorf("faults = %v, want one for .env", found)
	}
	if found := faults(t, nil, filepath.Join(dir, "missing")); len(found) != 0 {
		t.Errorf("a missing file is a fault: %v", found)
	}
}

func TestFileInUTF16IsRead(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		cfg, err := config.Load(nil, dotenv(t, inUTF16(order, "APP_NAME=B\u00fccher \U0001f4d6\r\nBCRYPT_COST=5\r\n")))
		if err != nil || cfg.AppName != "B\u00fccher \U0001f4d6" || cfg.BcryptCost != 5 {
			t.Errorf("%s endian: %q, error %v", name, cfg.AppName, err)
		}
	}
	for _, other := range []string{"A\x00P\x00P\x00", "APP_NAME=B\xfccher\nOTHER=B\xfccher\n"} {
		if found := faults(t, nil, dotenv(t, other)); len(found) != 1 || found[".env"] == "" {
			t.Errorf("%q: faults %v, want one about the file", other, found)
		}
	}
}

// inUTF16 returns the content of a UTF-16 file with a byte order mark.
func inUTF16(order binary.AppendByteOrder, text string) string {
	content := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		content = order.AppendUint16(content, unit)
	}
	return string(content)
}
