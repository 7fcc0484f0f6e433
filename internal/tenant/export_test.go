package tenant

// SetBatch makes a deletion delete so many rows at once.
func (s *Service) SetBatch(rows int32) { s.batch = rows }

// Tables returns the names of the tables that a deletion goes through.
func Tables() []string {
	var names []string
	for _, step := range steps() {
		names = append(names, step.Table)
	}
	return names
}
