package health

import (
	"context"
	"os/exec"
	"runtime/metrics"
	"time"

	"golang.org/x/sys/unix"
)

// askFor bounds a question to the system.
const askFor = 10 * time.Second

// system tells the system's version and what tells this computer from others, as far as it can. Its programs are named
// by their paths: an administrator's command may run with anybody's.
func system() (shown, id string) {
	shown, _ = unix.Sysctl("kern.osproductversion")
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	told, err := exec.CommandContext(ctx, "/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice").Output()
	if err != nil {
		return shown, ""
	}
	return shown, platformID(string(told))
}

// Measure asks the system about our process; what it does not tell stays zero. The memory is what Go holds: all else
// would be a program started for each report.
func Measure() Self {
	var self Self
	held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(held)
	self.MemoryBytes = int64(held[0].Value.Uint64() - held[1].Value.Uint64())
	var used unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &used) == nil {
		self.CPU = time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	return self
}
