package auth

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	strangersPeriod = time.Minute
	// maxOfStrangers is how many entries about strangers each instance writes into a tenant's trail in a
	// period, for all addresses together.
	maxOfStrangers = 60
)

// strangers bounds the audit entries about clients who aren't logged in: failed log-ins to accounts that don't
// exist or are delayed, and one-time tokens. Further entries are only counted.
type strangers struct {
	now func() time.Time

	mu      sync.Mutex
	period  time.Time
	written map[uuid.UUID]int   // in this period
	omitted map[uuid.UUID]int64 // since the last entry
}

// verdict says whether an entry is written.
type verdict struct {
	write   bool
	omitted int64 // entries left out since the last written one; only with write
	first   bool  // it is the first entry of its period that isn't written
}

// admit counts an entry for the trail of a tenant, and decides whether it is written.
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
