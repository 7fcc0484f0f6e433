package seed

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// random is a stream of random numbers that depends only on the seed and the stream's name.
type random struct{ *rand.Rand }

func newRandom(seed uint64, name string) random {
	key := sha256.Sum256(fmt.Appendf(nil, "%d %s", seed, name))
	return random{rand.New(rand.NewChaCha8(key))}
}

// id returns a UUIDv7 (RFC 9562) made at a time.
func (r random) id(at time.Time) uuid.UUID {
	const (
		version = 7 << 12
		variant = 1 << 63
	)
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|version|r.Uint64N(1<<12))
	binary.BigEndian.PutUint64(id[8:], variant|r.Uint64()>>2)
	return id
}

// entryID returns an id for an audit entry. It has version 8, which contains no time. With the time
// of a past event, the entry would look as if it had waited for its seal since then.
func (r random) entryID(at time.Time) uuid.UUID {
	id := r.id(at)
	id[6] = id[6]&0x0f | 0x80
	return id
}

func pick[T any](r random, list []T) T { return list[r.IntN(len(list))] }

// tenantID doesn't depend on the seed, so that demo data can be recognised in a database.
func (o organisation) tenantID() uuid.UUID { return newRandom(0, o.scenario).id(o.since) }
