package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var exampleLine = regexp.MustCompile(`(?m)^#?([A-Z][A-Z0-9_]*)=(.*)$`)

func example(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestExampleShowsEverySettingWithItsDefault(t *testing.T) {
	t.Parallel()
	text := example(t)
	shown := make(map[string]string)
	for _, match := range exampleLine.FindAllStringSubmatch(text, -1) {
		if _, twice := shown[match[1]]; twice {
			t.Errorf(".env.example shows %s twice", match[1])
		}
		shown[match[1]] = match[2]
	}
	for _, row := range new(draft).settings() {
		value, found := shown[row.name]
		if !found {
			t.Errorf(".env.example lacks %s", row.name)
		}
		delete(shown, row.name)
		if want := row.defaultIn(Development); want != "" && value != want {
			t.Errorf(".env.example shows %s=%s, the default is %s", row.name, value, want)
		}
		if !strings.Contains(text, row.alias) {
			t.Errorf(".env.example does not mention %s", row.alias)
		}
	}
	for name := range shown {
		t.Errorf(".env.example shows %s, which is not a setting", name)
	}
}

func TestSettingNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, row := range new(draft).settings() {
		for _, name := range []string{row.name, row.alias} {
			if name != "" && seen[name] {
				t.Errorf("%s is in the table twice", name)
			}
			seen[name] = true
		}
	}
}

func TestExampleIsAValidDevelopmentConfiguration(t *testing.T) {
	t.Parallel()
	text := example(t)
	for name, content := range map[string]string{
		"as it stands":                text,
		"with every line uncommented": exampleLine.ReplaceAllString(text, "$1=$2"),
	} {
		path := filepath.Join(t.TempDir(), ".env")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(nil, path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if cfg.Environment != Development {
			t.Errorf("%s: environment %q", name, cfg.Environment)
		}
	}
}

func TestSecretOfTheExampleIsRefused(t *testing.T) {
	t.Parallel()
	match := regexp.MustCompile(`(?m)^#SECRET_KEY=(.+)$`).FindStringSubmatch(example(t))
	if match == nil || !isWellKnown(match[1]) {
		t.Errorf("SECRET_KEY of .env.example is not recognised: %v", match)
	}
}
