package schema

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// sqlcConfig has the type overrides of sqlc.yaml.
type sqlcConfig struct {
	SQL []struct {
		Engine string
		Gen    struct {
			Go struct{ Overrides []yaml.Node }
		}
	}
}

// sqlcEngines maps sqlc's names of the engines.
var sqlcEngines = map[string]Engine{"postgresql": Postgres, "mysql": MySQL, "sqlite": SQLite}

// CheckOverrides returns an error for an override in sqlc.yaml whose type or column doesn't exist.
// sqlc ignores it silently.
func (s Schema) CheckOverrides(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read sqlc's settings: %w", err)
	}
	var config sqlcConfig
	if err := yaml.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, section := range config.SQL {
		e, ok := sqlcEngines[section.Engine]
		if !ok {
			return fmt.Errorf("%s: unknown engine %q", path, section.Engine)
		}
		for _, node := range section.Gen.Go.Overrides {
			if err := s.checkOverride(e, node); err != nil {
				return fmt.Errorf("%s:%d: %w", path, node.Line, err)
			}
		}
	}
	return nil
}

func (s Schema) checkOverride(e Engine, node yaml.Node) error {
	var override struct {
		DBType string `yaml:"db_type"` //nolint:tagliatelle // sqlc's name
		Column string
	}
	if err := node.Decode(&override); err != nil {
		return err
	}
	if override.Column != "" {
		if table, column, ok := strings.Cut(override.Column, "."); !ok || !s[table].has(column) {
			return fmt.Errorf("there is no column %q", override.Column)
		}
		return nil
	}
	known := sqlcTypes(e)
	if e == SQLite {
		known = append(known, "integer") // the type of LIMIT
	}
	if !slices.Contains(known, override.DBType) {
		return fmt.Errorf("no column of %s has the type %q; sqlc's types are %s", e, override.DBType, strings.Join(known, ", "))
	}
	return nil
}
