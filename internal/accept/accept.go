// Package accept reads what a client takes (RFC 9110, section 12.5).
package accept

import (
	"mime"
	"strconv"
	"strings"
)

// Quality says from 0 (not at all) to 1 how much the Accept headers want a media type. The most specific range that has it
// counts; one that can't be read doesn't. Without a header, and with an empty one, everything is wanted.
func Quality(headers []string, mediaType string) float64 {
	line := strings.Join(headers, ",")
	if strings.Trim(line, ", \t") == "" {
		return 1
	}
	kind, _, _ := strings.Cut(mediaType, "/")
	ranges := []string{"*/*", kind + "/*", mediaType} // from the vague to the specific
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

// Prefers reports whether the Accept headers want a media type rather than another one. If they don't care they don't.
func Prefers(headers []string, mediaType, other string) bool {
	return Quality(headers, mediaType) > Quality(headers, other)
}

// Gzip reports whether the Accept-Encoding headers allow gzip. Without a header they don't.
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

// weight is 1 for a quality value that isn't there or is none.
func weight(q string) float64 {
	w, err := strconv.ParseFloat(q, 64)
	if err != nil || w < 0 || w > 1 {
		return 1
	}
	return w
}
