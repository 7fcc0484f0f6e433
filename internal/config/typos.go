package config

import (
	"maps"
	"slices"
	"strings"
)

// Typo is an unknown variable that looks like a misspelt setting.
type Typo struct {
	Name  string
	In    string // ".env" or "the environment"
	Meant string
}

// synonyms maps other programs' names to our settings. They are names that are unlikely to be set
// for another reason.
var synonyms = map[string]string{
	"DB_URL": "DATABASE_URL", "DB_URI": "DATABASE_URL", "DB_DSN": "DATABASE_URL", "DATABASE_DSN": "DATABASE_URL", "REDIS_DSN": "REDIS_URL",
	"JWT_SECRET": "SECRET_KEY", "JWT_SECRET_KEY": "SECRET_KEY", "CORS_ORIGINS": "ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGINS": "ALLOWED_ORIGINS",
	"APP_ENV": "ENVIRONMENT",
}

// typos returns the variables of the file and of the environment that look like misspelt settings.
// A variable of the environment, which has many foreign ones, counts only if the similar setting
// isn't set.
func typos(rows []setting, file, environment map[string]string) []Typo {
	known := make(map[string]bool)
	var names []string
	for _, row := range rows {
		all := []string{row.name, row.alias}
		if row.secret {
			all = append(all, row.name+fileSuffix)
		}
		for _, name := range all {
			if name != "" {
				known[name], names = true, append(names, name)
			}
		}
	}
	var found []Typo
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if meant := meantBy(name, known, names); meant != "" {
			found = append(found, Typo{Name: name, In: ".env", Meant: meant})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		_, told := file[name]
		meant := meantBy(name, known, names)
		if meant != "" && !told && environment[name] != "" && environment[meant] == "" && file[meant] == "" {
			found = append(found, Typo{Name: name, In: "the environment", Meant: meant})
		}
	}
	return found
}

// meantBy returns the setting that a name resembles, or "" if it is a setting or resembles none.
func meantBy(name string, known map[string]bool, names []string) string {
	if known[name] {
		return ""
	}
	for _, ours := range names {
		if distance(strings.ToUpper(name), ours) <= min(2, len(ours)/5) {
			return ours
		}
	}
	return synonyms[name]
}

// distance returns how many characters must be added, removed or replaced to turn a into b
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
