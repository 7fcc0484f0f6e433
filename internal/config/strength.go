package config

import (
	"math"
	"strings"
	"unicode"
)

// Limits below which a secret is refused. A random key of 32 hexadecimal digits exceeds all of
// them.
const (
	minOwnCharacters      = 16 // that are not part of a well-known word
	minDistinctCharacters = 10
	minEntropyBits        = 96
)

// isWellKnown reports whether a key is an example value: one from a tutorial, or made of words
// common in examples, however they are joined, repeated or padded. A random key contains at most a
// few of the shorter words.
func isWellKnown(key string) bool {
	var words []string
	for word := range strings.FieldsSeq(`
		09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7
		admin app auth backend bits bit change changeme character chars char default demo development dev django do dont
		example fallback fastapi foo bar baz for generate generated here hex hs256 in insecure is it jwt keep key least length
		letmein local localhost long longer me minimum min must my not only openssl output pass password passw0rd placeholder
		please prod production qwerty rand random replace run sample secret secure set sign signing some staging string super
		supersecret tenantry test testing than that the this to token unsafe update use very value with your you
		0123456789 1234567890 123456 256 123 32 64 48`) {
		words = append(words, word, "")
	}
	plain := strings.Map(withoutSeparators, key)
	own := strings.NewReplacer(words...).Replace(plain)
	return len(own) < minOwnCharacters && 3*len(own) < 2*len(plain)
}

// withoutSeparators is for strings.Map: it removes separators of words, and converts letters to
// lower case.
func withoutSeparators(r rune) rune {
	if strings.ContainsRune(" -_.,:;!?/<>()[]", r) {
		return -1
	}
	return unicode.ToLower(r)
}

// isGuessable reports whether a key has too little entropy. A repeated pattern counts once, and a
// run such as "aaaa" or "1234" counts by its beginning.
func isGuessable(key string) bool {
	key = withoutRuns(key[:period(key)])
	counts := make(map[byte]int)
	for i := range len(key) {
		counts[key[i]]++
	}
	var bits float64 // Shannon's entropy of a character, times the length
	for _, n := range counts {
		bits -= float64(n) * math.Log2(float64(n)/float64(len(key)))
	}
	return len(counts) < minDistinctCharacters || bits < minEntropyBits
}

// period returns the length of the shortest prefix whose repetition gives the whole key.
func period(key string) int {
	for p := 1; p <= len(key)/2; p++ {
		if key[p:] == key[:len(key)-p] {
			return p
		}
	}
	return len(key)
}

// withoutRuns removes each character that continues the step (same, next or previous) of the two
// before it.
func withoutRuns(key string) string {
	var kept []byte
	for i := range len(key) {
		if i >= 2 {
			step := int(key[i]) - int(key[i-1])
			if step >= -1 && step <= 1 && step == int(key[i-1])-int(key[i-2]) {
				continue
			}
		}
		kept = append(kept, key[i])
	}
	return string(kept)
}
