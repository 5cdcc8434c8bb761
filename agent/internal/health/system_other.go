//go:build !darwin

package health

import (
	"os"
	"time"

	"github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/process"
)

// system tells the system's version and what tells this computer from others, as far as it can.
func system() (shown, id string) {
	info, err := host.Info()
	if err != nil {
		return "", ""
	}
	return version(info.Platform, info.PlatformVersion), info.HostID
}

// Measure asks the system about our process; what it does not tell stays zero.
func Measure() Self {
	var self Self
	us, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return self
	}
	if memory, err := us.MemoryInfo(); err == nil {
		self.MemoryBytes = int64(memory.RSS)
	}
	if times, err := us.Times(); err == nil {
		self.CPU = time.Duration((times.User + times.System) * float64(time.Second))
	}
	return self
}
