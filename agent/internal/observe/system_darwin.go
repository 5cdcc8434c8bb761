package observe

import (
	"strconv"
	"sync"

	"github.com/dayline-project/dayline/agent/internal/sys/mac/native"
)

// openMac opens macOS, of which a process has one.
var openMac = sync.OnceValues(native.Open)

var ourSystem = onMac(openMac, readClocks)

func desktopKind() (kind string, wayland bool) { return "macos", false }

// OSSession is this process's login session in the system's words; empty where it has none.
func OSSession() string {
	system, err := openMac()
	if err != nil {
		return ""
	}
	state, ok := system.Session()
	if !ok {
		return ""
	}
	return strconv.FormatUint(uint64(state.ID), 10)
}
