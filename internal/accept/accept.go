// Package accept evaluates the Accept headers of a request (RFC 9110, section 12.5).
package accept

import (
	"mime"
	"strconv"
	"strings"
)

// Quality returns the quality value, 0 (not acceptable) to 1, that Accept headers give to a media
// type. The most specific matching range applies. Ranges that can't be parsed are ignored. Without
// a header, or with an empty one, it is 1.
func Quality(headers []string, mediaType string) float64 {
	line := strings.Join(headers, ",")
	if strings.Trim(line, ", \t") == "" {
		return 1
	}
	kind, _, _ := strings.Cut(mediaType, "/")
	ranges := []string{"*/*", kind + "/*", mediaType} // ascending precedence
	quality, best := 0.0, -1
	for part := range strings.SplitSeq(line, ",") {
		accepted, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		for specific, r := range ranges {
			if accepted == r && specific >= best {
				quality, best = weight(params["q"]), specific
			}
		}
	}
	return quality
}

// Prefers reports whether the Accept headers give a media type a higher quality value than another
// one.
func Prefers(headers []string, mediaType, other string) bool {
	return Quality(headers, mediaType) > Quality(headers, other)
}

// Gzip reports whether the Accept-Encoding headers allow gzip. Without a header it returns false.
func Gzip(headers []string) bool {
	quality, named := 0.0, false
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		coding, parameter, _ := strings.Cut(part, ";")
		q := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(parameter)), "q=")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip":
			quality, named = weight(q), true
		case "*":
			if !named {
				quality = weight(q)
			}
		}
	}
	return quality > 0
}

// weight returns a quality value, or 1 if it is absent or invalid.
func weight(q string) float64 {
	w, err := strconv.ParseFloat(q, 64)
	if err != nil || w < 0 || w > 1 {
		return 1
	}
	return w
}
