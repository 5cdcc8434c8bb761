package observe

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is what a desktop entry tells of a program (freedesktop.org, Desktop Entry Specification).
type entry struct {
	// name is the program's, for people; program the base name of what Exec runs; class its windows' class.
	name, program, class string
}

// parseEntry reads the main group of a desktop entry; one that is no application, or hidden, has no name.
func parseEntry(r io.Reader) entry {
	var e entry
	application, hidden, inside := false, false, false
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			if inside {
				break
			}
			inside = line == "[Desktop Entry]"
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		if !inside {
			continue
		}
		switch strings.TrimSpace(key) {
		case "Type":
			application = value == "Application"
		case "Hidden":
			hidden = value == "true"
		case "Name":
			e.name = value
		case "Exec":
			e.program = programOf(value)
		case "StartupWMClass":
			e.class = value
		}
	}
	if !application || hidden {
		return entry{}
	}
	return e
}

// programOf takes the program of an Exec line: past env and its assignments, without folders.
func programOf(exec string) string {
	for _, word := range strings.Fields(exec) {
		word = strings.Trim(word, `"'`)
		if base := filepath.Base(word); base != "env" && !strings.Contains(word, "=") {
			return base
		}
	}
	return ""
}

// interpreters run other programs, so that their name says nothing about the product in front.
var interpreters = []string{"bash", "dash", "electron", "gjs", "java", "mono", "node", "perl", "python", "ruby", "sh", "wine", "wine64"}

func isInterpreter(app string) bool {
	return slices.Contains(interpreters, strings.ToLower(strings.TrimRight(app, "0123456789.-")))
}

// entries are the programs the desktop knows.
type entries []entry

// find gives the name for people of a program, by what it runs, else by its windows' class; empty where unknown.
func (all entries) find(app, class string) string {
	if isInterpreter(app) {
		return ""
	}
	byClass := ""
	for _, e := range all {
		switch {
		case strings.EqualFold(e.program, app):
			return e.name
		case byClass == "" && class != "" && strings.EqualFold(e.class, class):
			byClass = e.name
		}
	}
	return byClass
}

const (
	// maxEntries and maxEntryBytes bound what is read of the desktop's programs.
	maxEntries    = 2000
	maxEntryBytes = 64 << 10
)

// shelf is the folders of desktop entries, read when a program is asked for that was not asked for since they changed.
type shelf struct {
	folders []string
	changed time.Time
	entries entries
	// products found, by program; the last one found counts.
	products map[string]string
}

// maxProducts bounds the programs whose name is kept.
const maxProducts = 500

// product gives a program's name for people; empty where no entry tells it.
func (s *shelf) product(app, class string) string {
	if app == "" {
		return ""
	}
	if name, known := s.products[app]; known {
		return name
	}
	s.refresh()
	if len(s.products) >= maxProducts || s.products == nil {
		s.products = make(map[string]string)
	}
	name := s.entries.find(app, class)
	s.products[app] = name
	return name
}

func (s *shelf) refresh() {
	var changed time.Time
	for _, folder := range s.folders {
		if info, err := os.Stat(folder); err == nil && info.ModTime().After(changed) {
			changed = info.ModTime()
		}
	}
	if s.entries != nil && changed.Equal(s.changed) {
		return
	}
	s.changed, s.entries, s.products = changed, entries{}, nil
	for _, folder := range s.folders {
		files, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, file := range files {
			if len(s.entries) == maxEntries {
				return
			}
			if e := readEntry(folder, file.Name()); e.name != "" {
				s.entries = append(s.entries, e)
			}
		}
	}
}

func readEntry(folder, name string) entry {
	if !strings.HasSuffix(name, ".desktop") {
		return entry{}
	}
	file, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		return entry{}
	}
	defer file.Close()
	return parseEntry(io.LimitReader(file, maxEntryBytes))
}
