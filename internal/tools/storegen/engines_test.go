package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompareEnginesNamesTheField(t *testing.T) {
	t.Parallel()
	const same = "package db\n\ntype Note struct {\n\tID uuid.UUID `json:\"id\"`\n\tText *string\n}\n\ntype View struct{ On bool }\n"
	for _, test := range []struct{ name, mysql, want string }{
		{"nothing", same, ""},
		{"a struct that no query has", strings.Replace(same, "On bool", "On int64", 1), ""},
		{"a type", strings.Replace(same, "*string", "string", 1), "Note.Text is *string on postgres, but mysql has Text of type string"},
		{"a name", strings.Replace(same, "Text", "Body", 1), "Note.Text is *string on postgres, but mysql has Body of type *string"},
		{"one less", strings.Replace(same, "\tText *string\n", "", 1), "Note.Text: mysql doesn't have it"},
		{"one more", strings.Replace(same, "\tText *string\n", "\tText *string\n\tMore bool\n", 1), "Note.More: postgres doesn't have it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for engine, models := range map[string]string{"postgres": same, "mysql": test.mysql, "sqlite": same} {
				if err := os.Rename(folder(t, map[string]string{"models.go": models}), filepath.Join(root, engine)); err != nil {
					t.Fatal(err)
				}
			}
			postgres, err := readStructs(filepath.Join(root, "postgres"))
			if err != nil {
				t.Fatal(err)
			}
			err = compareEngines(root, postgres, []string{"Note"})
			if err == nil && test.want != "" || err != nil && (test.want == "" || !strings.HasPrefix(err.Error(), test.want)) {
				t.Errorf("says %v, want %q", err, test.want)
			}
		})
	}
}
