package api

import (
	"net/http"
	"strings"

	"github.com/dayline-project/dayline/collector/access"
)

// From tells where a request comes from.
func (a *Admin) From(r *http.Request) access.From {
	return access.From{Address: a.Agents.proxies.caller(r), Browser: browser(r.UserAgent())}
}

// browser names what a User-Agent header says: "Firefox on Linux", or as much of it as is plain; empty for what is no
// browser.
func browser(userAgent string) string {
	if !strings.HasPrefix(userAgent, "Mozilla/") {
		return ""
	}
	name := named(userAgent, [][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"Chromium/", "Chromium"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	})
	system := named(userAgent, [][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	})
	switch {
	case name == "":
		name = "A browser"
		fallthrough
	case system != "":
		return strings.TrimSuffix(name+" on "+system, " on ")
	}
	return name
}

// named gives the word of the first mark that a text has.
func named(text string, marks [][2]string) string {
	for _, mark := range marks {
		if strings.Contains(text, mark[0]) {
			return mark[1]
		}
	}
	return ""
}
