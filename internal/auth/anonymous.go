package auth

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	anonymousPeriod = time.Minute
	// maxAnonymous is how many entries about anonymous clients each instance writes to a tenant's
	// trail in a period, for all addresses together.
	maxAnonymous = 60
)

// anonymousLimiter limits the audit entries about clients who aren't logged in: failed log-ins to
// accounts that don't exist or are delayed, and one-time tokens. Further entries are only counted.
type anonymousLimiter struct {
	now func() time.Time

	mu      sync.Mutex
	period  time.Time
	written map[uuid.UUID]int   // in this period
	omitted map[uuid.UUID]int64 // since the last entry
}

// verdict is the decision about one entry.
type verdict struct {
	write   bool
	omitted int64 // entries omitted since the last written one; only set with write
	first   bool  // this is the first omitted entry of its period
}

// admit counts an entry for a tenant's trail, and decides whether it is written.
func (s *anonymousLimiter) admit(tenantID uuid.UUID) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if period := s.now().Truncate(anonymousPeriod); s.written == nil || !period.Equal(s.period) {
		s.period, s.written = period, map[uuid.UUID]int{}
	}
	if s.omitted == nil {
		s.omitted = map[uuid.UUID]int64{}
	}
	s.written[tenantID]++
	if n := s.written[tenantID]; n > maxAnonymous {
		s.omitted[tenantID]++
		return verdict{first: n == maxAnonymous+1}
	}
	v := verdict{write: true, omitted: s.omitted[tenantID]}
	delete(s.omitted, tenantID)
	return v
}
