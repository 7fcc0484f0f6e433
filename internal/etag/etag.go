// Package etag creates entity tags and evaluates preconditions (RFC 9110, sections 8.8.3 and 13).
package etag

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

const (
	rowDigest     = 6 // bytes
	contentDigest = 8 // bytes
)

// Row identifies a version of a row.
type Row struct {
	TenantID, ID uuid.UUID
	Version      int64
}

// Of returns a version of a row. For a tenant, both ids are the tenant's.
func Of(tenantID, id uuid.UUID, version int64) Row {
	return Row{TenantID: tenantID, ID: id, Version: version}
}

// Tag returns the part of an entity tag that identifies the row and its version. Complete adds the
// rest.
func (r Row) Tag() string {
	sum := sha256.Sum256(append(r.TenantID[:], r.ID[:]...))
	tag := make([]byte, 0, 64) //nolint:mnd // capacity for the complete tag
	tag = append(tag, '"')
	tag = strconv.AppendInt(tag, r.Version, 10)
	tag = append(tag, '-')
	tag = hex.AppendEncode(tag, sum[:rowDigest])
	return string(append(tag, '"'))
}

// Complete returns the strong entity tag of a body, given the Tag of its row. It differs between
// all representations of a resource, whoever requests them. A complete tag is returned unchanged.
func Complete(tag string, body []byte) string {
	if strings.Count(tag, "-") > 1 {
		return tag
	}
	sum := sha256.Sum256(body)
	complete := append(make([]byte, 0, 64), tag[:len(tag)-1]...) //nolint:mnd // as in Tag
	complete = append(complete, '-')
	complete = hex.AppendEncode(complete, sum[:contentDigest])
	return string(append(complete, '"'))
}

// Condition has the preconditions of a request. The zero Condition has none.
type Condition struct{ ifMatch, ifNoneMatch *list }

// Preconditions parses the headers If-Match and If-None-Match; nil means that the header is absent.
func Preconditions(ifMatch, ifNoneMatch *string) Condition {
	return Condition{ifMatch: parse(ifMatch), ifNoneMatch: parse(ifNoneMatch)}
}

// Allows reports whether the request may change a row with this version. It compares only version
// and row, so that a change of last_login_at, which is in the body but doesn't change the version,
// makes no update fail. A bare version such as "3" also matches, because items of lists have no
// tag. A malformed If-None-Match allows nothing.
func (c Condition) Allows(row Row) bool {
	if c == (Condition{}) {
		return true
	}
	tag := row.Tag()
	none := c.ifNoneMatch
	return c.Matches(tag) && (none == nil || !none.malformed && !none.any && !none.names(tag, isWeakOrStrong))
}

// Matches reports whether If-Match matches a tag, complete or not, as in Allows. Weak tags never
// match.
func (c Condition) Matches(tag string) bool {
	return c.ifMatch == nil || c.ifMatch.any || c.ifMatch.names(tag, isStrong)
}

// Unchanged reports whether If-None-Match matches a complete tag, so that the client of a GET
// already has the body. The comparison is weak, because proxies that compress make strong tags
// weak.
func (c Condition) Unchanged(tag string) bool {
	if c.ifNoneMatch == nil {
		return false
	}
	for _, t := range c.ifNoneMatch.tags {
		if strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return c.ifNoneMatch.any
}

// NamesAny reports whether If-None-Match has an asterisk, alone or invalidly beside tags.
func (c Condition) NamesAny() bool {
	return c.ifNoneMatch != nil && (c.ifNoneMatch.any || c.ifNoneMatch.misplacedAny)
}

func isStrong(tag string) bool { return tag[0] == '"' }

func isWeakOrStrong(string) bool { return true }

// list is the parsed value of If-Match or If-None-Match.
type list struct {
	any       bool     // the value is "*"
	tags      []string // including quotes and the prefix W/ of weak tags
	malformed bool     // the value is empty or has invalid parts

	misplacedAny bool // the value has "*" beside other parts
}

// names reports whether the list has the version and row of a tag, or its bare version, among the
// tags for which counts returns true.
func (l *list) names(tag string, counts func(tag string) bool) bool {
	version, rest, _ := strings.Cut(strings.TrimSuffix(tag, `"`), "-")
	row, _, _ := strings.Cut(rest, "-")
	for _, t := range l.tags {
		if !counts(t) {
			continue
		}
		t = strings.TrimPrefix(t, "W/")
		if t == version+`"` || t == version+"-"+row+`"` || strings.HasPrefix(t, version+"-"+row+"-") {
			return true
		}
	}
	return false
}

// parse parses a header (RFC 9110, section 8.8.3). Tags may contain commas.
func parse(header *string) *list {
	if header == nil {
		return nil
	}
	rest := strings.Trim(*header, " \t")
	if rest == "*" {
		return &list{any: true}
	}
	l := &list{}
	for rest != "" {
		if rest[0] == ',' || rest[0] == ' ' || rest[0] == '\t' {
			rest = rest[1:]
			continue
		}
		tag := first(rest)
		rest = strings.TrimLeft(rest[len(tag):], " \t")
		if tag != "" && (rest == "" || rest[0] == ',') {
			l.tags = append(l.tags, tag)
			continue
		}
		l.malformed = true
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		l.misplacedAny = l.misplacedAny || strings.Trim(part, " \t") == "*"
	}
	l.malformed = l.malformed || len(l.tags) == 0
	return l
}

// first returns the entity tag at the beginning of s, or "".
func first(s string) string {
	weak := strings.TrimPrefix(s, "W/")
	if !strings.HasPrefix(weak, `"`) {
		return ""
	}
	end := strings.IndexByte(weak[1:], '"')
	if end < 0 || strings.ContainsFunc(weak[1:1+end], func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return ""
	}
	return s[:len(s)-len(weak)+end+2] //nolint:mnd // the two quotes
}
