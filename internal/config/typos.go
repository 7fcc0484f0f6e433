package config

import (
	"maps"
	"slices"
	"strings"
)

// Typo is a variable in the .env file that is none of ours, and the one that may be meant.
type Typo struct {
	Name  string
	Meant string
}

// typos returns the variables of the file that look like one of ours with a slip in it. In the environment there are many of others.
func typos(rows []setting, file map[string]string) []Typo {
	known := make(map[string]bool)
	var names []string
	for _, row := range rows {
		for _, name := range []string{row.name, row.alias} {
			if name != "" {
				known[name], names = true, append(names, name)
			}
		}
		known[row.name+fileSuffix] = row.secret
	}
	var found []Typo
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if known[name] {
			continue
		}
		for _, ours := range names {
			if slips := distance(strings.ToUpper(name), ours); slips <= min(2, len(ours)/5) {
				found = append(found, Typo{Name: name, Meant: ours})
				break
			}
		}
	}
	return found
}

// distance is how many characters have to be added, removed or replaced to make b of a (Levenshtein).
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
