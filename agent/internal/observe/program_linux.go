package observe

import (
	"os"
	"strconv"
	"strings"
)

// appOf names a window's program: by the first of these processes that has a name — the one the server knows comes
// before the one the window tells, which may be of another computer or container — else by the window's class.
func appOf(class string, pids ...int) string {
	for _, pid := range pids {
		if name := programName(pid); name != "" {
			return name
		}
	}
	return shorten(strings.ToLower(class))
}

// programName is the name of what a process runs; empty where that is not to be found out. The link is of the process
// as it is now, so there is nothing to keep that a new process of the same number could make false. The kernel lets
// us read it of our own processes; of others their short name is open to all (proc(5)).
func programName(pid int) string {
	if pid <= 0 {
		return ""
	}
	folder := "/proc/" + strconv.Itoa(pid)
	if executable, err := os.Readlink(folder + "/exe"); err == nil {
		return programOfPath(executable)
	}
	name, err := os.ReadFile(folder + "/comm")
	if err != nil {
		return ""
	}
	return shorten(string(name))
}
