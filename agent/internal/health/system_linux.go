package health

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// system tells the system's version and what tells this computer from others, as far as it can.
func system() (shown, id string) {
	told := firstOf("/etc/os-release", "/usr/lib/os-release")
	return version(release(told, firstOf("/etc/debian_version"))),
		computerID(firstOf("/sys/class/dmi/id/product_uuid"), firstOf("/etc/machine-id"), firstOf("/proc/sys/kernel/random/boot_id"))
}

// firstOf is the text of the first of these files that can be read.
func firstOf(names ...string) string {
	for _, name := range names {
		if text, err := os.ReadFile(name); err == nil {
			return string(text)
		}
	}
	return ""
}

// Measure asks the system about our process; what it does not tell stays zero.
func Measure() Self {
	var self Self
	// proc(5): the second number of statm is what is resident, in pages.
	if fields := strings.Fields(firstOf("/proc/self/statm")); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		self.MemoryBytes = pages * int64(os.Getpagesize())
	}
	var used unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &used) == nil {
		self.CPU = time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	return self
}
