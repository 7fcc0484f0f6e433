package openapi

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/segmentio/encoding/json"
)

// Body is a JSON text on its way to a client.
type Body struct{ text []byte }

var bodies = sync.Pool{New: func() any { return new(Body) }}

// maxKept is the largest body in bytes whose memory is used again.
const maxKept = 64 << 10

// Encode returns the JSON of v, as encoding/json writes it. It is for one Reply.
func Encode(v any) (*Body, error) {
	b := bodies.Get().(*Body) //nolint:forcetypeassert // nothing else is put there
	var err error
	if b.text, err = json.Append(b.text[:0], v, json.EscapeHTML|json.SortMapKeys); err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	b.text = append(b.text, '\n')
	return b, nil
}

// Bytes returns the text. It is valid until Reply.
func (b *Body) Bytes() []byte { return b.text }

// Reply sends a body whose other headers are set, and ends its use.
func (b *Body) Reply(w http.ResponseWriter, status int) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(b.text)))
	w.WriteHeader(status)
	_, err := w.Write(b.text)
	if cap(b.text) <= maxKept {
		bodies.Put(b)
	}
	return err
}
