package tenant

// Tables returns the names of the tables that a deletion goes through.
func Tables() []string {
	var names []string
	for _, step := range steps() {
		names = append(names, step.Table)
	}
	return names
}
