package config

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dayline-project/dayline/collector"
)

// splice puts a text in place of some bytes.
type splice struct {
	from, to int
	text     string
}

// rewriter turns a changed tree into changes of the text it was read from.
type rewriter struct {
	*layout
	form
	splices []splice
}

// rewrite gives the text of a changed tree: what was not changed keeps its bytes. The result was read again and says
// what the tree says, else it is an error and nothing is given.
func rewrite(l *layout, root *node) (string, error) {
	r := &rewriter{layout: l, form: formOf(l, root.was)}
	r.value(nil, root.was, root, false)
	slices.SortStableFunc(r.splices, func(a, b splice) int { return a.from - b.from })
	var out strings.Builder
	done := 0
	for _, s := range r.splices {
		if s.from < done {
			return "", errUneditable
		}
		out.WriteString(l.text[done:s.from])
		out.WriteString(s.text)
		done = s.to
	}
	out.WriteString(l.text[done:])
	again, _, problem := parseTree([]byte(out.String()))
	if problem != nil || !equal(again, root) {
		return "", errUneditable
	}
	return out.String(), nil
}

// errUneditable: the file is right, but written in a way that an edit here does not know.
var errUneditable = &collector.Error{Code: collector.BadRequest, Field: "key",
	Reason: "the file is written in a way that cannot be edited here; edit the file itself"}

func (r *rewriter) splice(from, to int, text string) {
	r.splices = append(r.splices, splice{from, to, text})
}

// value writes what became of a value. Within is the child it belongs to, nil for the whole file; flow tells that it stands
// in brackets.
func (r *rewriter) value(within *child, old, now *node, flow bool) {
	if old == now {
		return
	}
	if now.was == old {
		if kept, fresh := sorted(old, now); len(kept) > 0 {
			r.children(old, kept, fresh, flow || old.flow)
			return
		} else if len(old.children)+len(fresh) == 0 {
			return
		}
	}
	r.replace(within, old, now, flow)
}

// sorted tells what became of the old children that are still there, and which are new.
func sorted(old, now *node) (kept map[*child]*child, fresh []*child) {
	before := make(map[*child]bool, len(old.children))
	for _, c := range old.children {
		before[c] = true
	}
	kept = map[*child]*child{}
	for _, c := range now.children {
		switch {
		case before[c]:
			kept[c] = c
		case c.was != nil:
			kept[c.was] = c
		default:
			fresh = append(fresh, c)
		}
	}
	return kept, fresh
}

// children writes what became of the children, some of which are kept.
func (r *rewriter) children(old *node, kept map[*child]*child, fresh []*child, flow bool) {
	survives := func(c *child) bool { return kept[c] != nil }
	for i := 0; i < len(old.children); i++ {
		c := old.children[i]
		if survives(c) {
			r.value(c, c.value, kept[c].value, flow)
			continue
		}
		ownLine := strings.TrimSpace(r.text[r.lineStart(c.from):c.from]) == ""
		switch next := slices.IndexFunc(old.children[i:], survives); {
		case !flow && ownLine:
			r.cutLines(c.from, c.value.to)
		case i == 0:
			r.splice(c.from, old.children[next].from, "")
			i = next - 1
		default:
			r.splice(old.children[i-1].value.to, c.value.to, "")
		}
	}
	for _, c := range fresh {
		r.insert(old, c, flow)
	}
}

// cutLines takes out the lines of a stretch.
func (r *rewriter) cutLines(from, to int) {
	start := r.lineStart(from)
	if start == 0 {
		r.splice(0, r.nextLine(to), "")
		return
	}
	r.splice(r.lineEnd(start-1), r.lineEnd(to), "")
}

// insert writes a new child behind those there are.
func (r *rewriter) insert(old *node, c *child, flow bool) {
	last := old.children[len(old.children)-1]
	if flow {
		source := inline(c.value)
		if old.kind == mapping {
			source = keySource(c.key) + ": " + source
		}
		r.splice(last.value.to, last.value.to, ", "+source)
		return
	}
	column := r.column(old.children[0].from)
	at := r.lineEnd(last.value.to)
	var source string
	if old.kind == mapping {
		source = r.pair(c, column)
		at = r.slot(old, c.key, column, at)
	} else {
		brackets := last.value.kind == mapping && last.value.flow
		source = r.item(c.value, column, brackets)
	}
	r.splice(at, at, "\n"+indent(column)+source)
}

// slot is where a new key goes: behind the comment that shows it, else behind the section; in the file's own section,
// behind the whole file.
func (r *rewriter) slot(section *node, key string, column, end int) int {
	from, to := r.lineStart(section.from), len(r.text)
	if column == 0 {
		from, end = 0, len(strings.TrimRight(r.text, " \n"))
	} else {
		to = r.nextContent(end)
	}
	shown := regexp.MustCompile(`^` + indent(column) + `(# ?)` + regexp.QuoteMeta(keySource(key)) + `:( |$)`)
	for start := from; start < to; start = r.nextLine(start) {
		mark := shown.FindStringSubmatch(r.text[start:r.lineEnd(start)])
		if mark == nil {
			continue
		}
		at := r.lineEnd(start)
		deeper := indent(column) + mark[1] + "  "
		for next := r.nextLine(at); next < len(r.text) && strings.HasPrefix(r.text[next:], deeper); next = r.nextLine(next) {
			at = r.lineEnd(next)
		}
		// In the midst of another section it has no place.
		if next := r.nextContent(at); next >= len(r.text) || r.indentation(next) <= column {
			return at
		}
	}
	return end
}

// nextContent is where the next line begins that is neither empty nor a comment.
func (r *rewriter) nextContent(offset int) int {
	start := r.nextLine(offset)
	for ; start < len(r.text); start = r.nextLine(start) {
		if line := strings.TrimSpace(r.text[start:r.lineEnd(start)]); line != "" && line[0] != '#' {
			break
		}
	}
	return start
}

func (r *rewriter) indentation(start int) int {
	line := r.text[start:r.lineEnd(start)]
	return len(line) - len(strings.TrimLeft(line, " "))
}

// replace writes another value in an old one's place.
func (r *rewriter) replace(within *child, old, now *node, flow bool) {
	block := old.kind != scalar && !old.flow
	switch {
	case !flow && old.kind == scalar && now.kind == scalar:
		r.over(old.from, old.to, inline(now))
	case flow || within == nil && !block:
		r.splice(old.from, old.to, inline(now))
	case block && now.kind == old.kind && len(now.children) > 0:
		r.splice(old.from, old.to, r.block(now, r.column(old.from)))
	case block && (within == nil || r.lineStart(old.from) < within.mark):
		r.splice(old.from, old.to, inline(now))
	case block: // from the lines below up to the key's own
		r.over(within.mark, within.mark, " "+inline(now))
		r.cutLines(old.from, old.to)
	case now.kind == list && !now.isFlat(): // from the key's line to lines below
		r.over(within.mark, old.to, "")
		column, at := r.column(within.from)+r.items, r.lineEnd(old.to)
		r.splice(at, at, "\n"+indent(column)+r.block(now, column))
	default:
		r.splice(old.from, old.to, inline(now))
	}
}

// over writes a text over another; a comment behind it stays in its column where there is room.
func (r *rewriter) over(from, to int, source string) {
	behind := r.text[to:]
	room := len(behind) - len(strings.TrimLeft(behind, " "))
	if room >= 2 && strings.HasPrefix(behind[room:], "#") && !strings.Contains(r.text[from:to], "\n") {
		grown := utf8.RuneCountInString(source) - utf8.RuneCountInString(r.text[from:to])
		to += room
		source += indent(max(1, room-grown))
	}
	r.splice(from, to, source)
}
