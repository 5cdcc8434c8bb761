//go:build unix

package health

import (
	"os"
	"strings"
)

// localZone is what /etc/localtime links to (localtime(5)).
func localZone() string {
	target, err := os.Readlink("/etc/localtime")
	if err != nil {
		return ""
	}
	_, name, _ := strings.Cut(target, "zoneinfo/")
	return name
}
