package service

import (
	"fmt"
	"strings"
	"time"

	"github.com/dayline-project/dayline/agent/internal/session"
)

// Heard says in people's words when a browser's extension was heard, and how much of the browser's time in front has an
// address: "extension 1.2.0 heard 3m ago; an address for 97 % of 2h10m in front". It is empty where neither is known.
func Heard(l *session.CaptureLevel, now time.Time) string {
	var said []string
	ago := "less than a minute ago" // it is told in whole minutes
	if passed := now.Sub(time.UnixMilli(l.ExtensionMS)); passed >= time.Minute {
		ago = short(passed) + " ago"
	}
	switch {
	case l.Extension == "" && l.ExtensionMS == 0:
	case l.Extension == "":
		said = append(said, "its extension was heard last "+ago)
	case l.ExtensionMS == 0:
		said = append(said, "extension "+l.Extension)
	default:
		said = append(said, "extension "+l.Extension+" heard "+ago)
	}
	if l.FrontSeconds > 0 {
		front := time.Duration(l.FrontSeconds) * time.Second
		said = append(said, fmt.Sprintf("an address for %d %% of %s in front", l.AddressSeconds*100/l.FrontSeconds, short(front)))
	}
	return strings.Join(said, "; ")
}

// short writes a length in whole minutes, one below that in seconds.
func short(length time.Duration) string {
	if length < time.Minute {
		return length.String()
	}
	return strings.TrimSuffix(length.Round(time.Minute).String(), "0s")
}
