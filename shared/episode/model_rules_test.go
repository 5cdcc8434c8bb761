package episode_test

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// modelWindow is a window, or an identity, with the address in parts.
type modelWindow struct {
	app, title, site, head, path, query string
	private                             bool
}

func (w modelWindow) place() string { return fmt.Sprint(w.app, "|", w.site, "|", w.private) }
func (w modelWindow) url() string {
	if w.query != "" {
		return w.head + w.path + "?" + w.query
	}
	return w.head + w.path
}
func (w modelWindow) page() string { return w.title + "|" + w.url() }

func seconds(d episode.Duration) int {
	if d == episode.Indefinitely {
		return -1
	}
	return int(time.Duration(d) / time.Second)
}

func (s *modelSession) wallAt(at int) time.Time {
	return s.wall.Add(time.Duration(at-s.told) * time.Second)
}

func (m *model) inSchedule(wall time.Time) bool {
	if m.set.Schedule == nil {
		return true
	}
	clock := wall.Format("15:04")
	for _, span := range m.set.Schedule[strings.ToLower(wall.Format("Mon"))] {
		if from, to, _ := strings.Cut(span, "-"); from <= clock && clock < to {
			return true
		}
	}
	return false
}

func (m *model) isTracked(user string) bool {
	domain, name, _ := strings.Cut(strings.ToLower(user), `\`)
	for _, a := range m.set.DoNotTrack {
		u, d := strings.ToLower(a.User), strings.ToLower(a.Domain)
		if (u == name || u == "*" || u == "") && (d == domain || d == "*" || d == "") {
			return false
		}
	}
	return true
}

// matches is rule 11 for a window as observed.
func (m *model) matches(w modelWindow) bool {
	for _, entry := range m.set.AlwaysActive {
		entry = strings.ToLower(entry)
		if strings.ToLower(w.app) == entry {
			return true
		}
		if !w.private && (w.site == entry || strings.HasSuffix(w.site, "."+entry)) {
			return true
		}
	}
	return false
}

// allow is rule 12.
func (m *model) allow(w modelWindow, redact bool) modelWindow {
	p := m.set.Privacy
	if w.private {
		return modelWindow{app: w.app, private: true}
	}
	if !p.Titles {
		w.title = ""
	}
	switch p.URLs {
	case "none":
		w.site, w.head, w.path, w.query = "", "", "", ""
	case "host":
		w.head, w.path, w.query = "", "", ""
	case "path":
		w.query = ""
	}
	if redact {
		for _, pattern := range p.Redact {
			re := regexp.MustCompile(pattern)
			for _, text := range []*string{&w.title, &w.path, &w.query} {
				*text = re.ReplaceAllLiteralString(*text, "***")
			}
		}
	}
	return w
}
