package observe

import (
	"os"
	"strings"
	"time"
)

// labels are the names for people that programs carry in their own files.
type labels struct {
	// read reads a file's; empty where it has none.
	read func(path string) string
	// remote: the file is on another computer, which may not answer.
	remote func(path string) bool
	known  map[string]label
}

// label is what a file carried when it was last changed.
type label struct {
	changed time.Time
	name    string
}

// of gives the name that a window's program carries; empty where there is none to be had at once.
func (l *labels) of(w Window) string {
	if !strings.ContainsAny(w.Path, `\/`) || l.remote(w.Path) {
		return ""
	}
	info, err := os.Stat(w.Path)
	if err != nil {
		return ""
	}
	if known, ok := l.known[w.Path]; ok && known.changed.Equal(info.ModTime()) {
		return known.name
	}
	if l.known == nil || len(l.known) >= maxProducts {
		l.known = make(map[string]label)
	}
	name := shorten(l.read(w.Path))
	l.known[w.Path] = label{changed: info.ModTime(), name: name}
	return name
}
