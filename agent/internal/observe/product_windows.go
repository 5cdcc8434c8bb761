package observe

import (
	"cmp"
	"strings"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// systemNames gives the names for people of programs in front, as their version resources tell them; empty where they
// have none.
func systemNames() func(Window) string {
	l := &labels{remote: win.Remote, read: func(path string) string {
		version, err := win.VersionOf(path)
		if err != nil {
			return ""
		}
		return cmp.Or(strings.TrimSpace(version.FileDescription), strings.TrimSpace(version.ProductName))
	}}
	return l.of
}
