package auth

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// strangersPeriod is how often strangers may fill a trail up to maxOfStrangers.
	strangersPeriod = time.Minute
	// maxOfStrangers is how many entries a period strangers may cause in the trail of a tenant, on each instance and from all addresses together.
	maxOfStrangers = 60
)

// strangers bounds what is written down about those of whom nothing is known: who logs in to accounts that don't exist, or
// tries one-time tokens. Beyond the bound they are counted.
type strangers struct {
	now func() time.Time

	mu      sync.Mutex
	period  time.Time
	written map[uuid.UUID]int   // in this period
	omitted map[uuid.UUID]int64 // since the last entry
}

// verdict says what becomes of an entry.
type verdict struct {
	write   bool
	omitted int64 // how many weren't written since the one before; only with write
	first   bool  // the first one of its period that isn't written
}

// admit counts an entry for the trail of a tenant.
func (s *strangers) admit(tenantID uuid.UUID) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if period := s.now().Truncate(strangersPeriod); s.written == nil || !period.Equal(s.period) {
		s.period, s.written = period, map[uuid.UUID]int{}
	}
	if s.omitted == nil {
		s.omitted = map[uuid.UUID]int64{}
	}
	s.written[tenantID]++
	if n := s.written[tenantID]; n > maxOfStrangers {
		s.omitted[tenantID]++
		return verdict{first: n == maxOfStrangers+1}
	}
	v := verdict{write: true, omitted: s.omitted[tenantID]}
	delete(s.omitted, tenantID)
	return v
}
