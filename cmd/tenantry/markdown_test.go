package main_test

import (
	"regexp"
	"strings"
	"testing"
)

// fence is a fenced block of a document. The words after the opening backticks are its language and
// its target: the file that has this text, "in" and a source file that it quotes, or output, for
// the output of the previous block.
type fence struct {
	file             string
	line             int // of the opening backticks
	language, target string
	text             string
}

const shownOutput = "output" // a target

// quoted returns the source file that the block quotes, if any.
func (f fence) quoted() (string, bool) { return strings.CutPrefix(f.target, "in ") }

var fencePattern = regexp.MustCompile("^( *)```(.*)$")

// fences returns the blocks of a document, in order. It fails the test for ambiguous blocks,
// because they wouldn't be run.
func fences(t testing.TB, file string) []fence {
	t.Helper()
	var list []fence
	open := false
	number := 0
	for line := range strings.Lines(readSource(t, file)) {
		number++
		match := fencePattern.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		switch {
		case match != nil && match[1] != "":
			t.Fatalf("%s:%d: an indented block; blocks begin at the margin", file, number)
		case match != nil && open && match[2] != "":
			t.Fatalf("%s:%d: the previous block isn't closed", file, number)
		case match != nil && open:
			open = false
		case match != nil:
			open = true
			language, target, _ := strings.Cut(match[2], " ")
			list = append(list, fence{file: file, line: number, language: language, target: target})
		case open:
			list[len(list)-1].text += line
		}
	}
	if open {
		t.Fatalf("%s: the last block isn't closed", file)
	}
	return list
}

// block returns the block of docs/operations.md that contains this text.
func block(t *testing.T, language, text string) string {
	t.Helper()
	for _, f := range fences(t, "docs/operations.md") {
		if f.language == language && strings.Contains(f.text, text) {
			return f.text
		}
	}
	t.Fatalf("docs/operations.md no longer has a block with %q", text)
	return ""
}
