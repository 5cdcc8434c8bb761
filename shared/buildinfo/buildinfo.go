// Package buildinfo holds what the build wrote into the binary.
package buildinfo

import (
	"runtime/debug"
	"time"
)

// Version of the product, set by the linker: `-X …/shared/buildinfo.Version=1.2.3`.
var Version = "0.1.0-dev"

// Built is the time of the commit the binary was built from, RFC 3339; set by the linker where the build knows it.
var Built string

// Protocol is the number each call between agent and collector carries.
const Protocol = 1

// BuiltAt is the time of the commit the binary was built from; the zero time if unknown.
func BuiltAt() time.Time {
	if at, err := time.Parse(time.RFC3339, Built); err == nil {
		return at
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, _ := time.Parse(time.RFC3339, s.Value)
			return t
		}
	}
	return time.Time{}
}
