package episode

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// redaction is the compiled patterns of privacy.redact.
type redaction struct {
	patterns []pattern
	// broken: a pattern does not compile, or the bounds are exceeded; nothing that could need redaction is let through.
	broken bool
}

type pattern struct {
	*regexp.Regexp
	// size of its program, in instructions.
	size int
}

// maxRedactionWork bounds the work on one text: program size × bytes × searches, over all patterns. RE2 takes at most
// the product of the first two to find one match, and starts over after each. The slowest programs found spend about 5 ms on
// it (BenchmarkRedactionWorst).
const maxRedactionWork = 1 << 19

const redacted = "***"

func compileRedaction(patterns []string) redaction {
	if len(patterns) > MaxPatterns {
		return redaction{broken: true}
	}
	var r redaction
	for _, text := range patterns {
		p, err := compilePattern(text)
		if err != nil {
			return redaction{broken: true}
		}
		r.patterns = append(r.patterns, p)
	}
	return r
}

// Redact blanks in a title what the patterns match, as Reduce does; ok is false where Reduce would leave it out whole.
func Redact(patterns []string, title string) (result string, ok bool) {
	return compileRedaction(patterns).redact(cutRunes(title))
}

// compilePattern refuses what RE2 does not read, and what is longer than MaxPatternBytes.
func compilePattern(text string) (pattern, error) {
	if len(text) > MaxPatternBytes {
		return pattern{}, fmt.Errorf("longer than %d bytes", MaxPatternBytes)
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return pattern{}, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return pattern{}, err
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return pattern{}, err
	}
	return pattern{compiled, len(program.Inst)}, nil
}

// redact blanks each match, one pattern after the other. ok is false where nothing may be let through: the patterns are
// broken, or would take too long. "Too long" (security.md 4: 5 ms) is told without a clock, by a bound on work, so
// that the same title is treated alike on every computer and in every replay.
func (r redaction) redact(text string) (result string, ok bool) {
	if text == "" {
		return "", true
	}
	if r.broken {
		return "", false
	}
	left := maxRedactionWork
	for _, p := range r.patterns {
		search := p.size * len(text)
		matches := left/search - 1 // the last search finds nothing
		if matches < 0 {
			return "", false
		}
		found := p.FindAllStringIndex(text, matches+1)
		if len(found) > matches {
			return "", false
		}
		left -= search * (len(found) + 1)
		text = blank(text, found)
	}
	return text, true
}

// blank replaces each stretch of a text.
func blank(text string, stretches [][]int) string {
	if len(stretches) == 0 {
		return text
	}
	var b strings.Builder
	done := 0
	for _, s := range stretches {
		b.WriteString(text[done:s[0]])
		b.WriteString(redacted)
		done = s[1]
	}
	b.WriteString(text[done:])
	return b.String()
}
