package observe

import (
	"path"
	"strings"
)

// maxName is the longest program name told, in bytes: that of a file name on Linux.
const maxName = 255

// programOfPath makes a program's name of the path of what runs: the file's name, without what the system adds when
// that file was replaced by an update since.
func programOfPath(executable string) string {
	name := path.Base(strings.TrimSuffix(executable, " (deleted)"))
	if name == "." || name == "/" {
		return ""
	}
	return shorten(name)
}

// programOfImage makes a program's name of the path of what runs on Windows, whose names have no case.
func programOfImage(executable string) string {
	return shorten(strings.ToLower(executable[strings.LastIndexAny(executable, `\/`)+1:]))
}

// behindFrame finds whose application a frame shows, of the processes of the windows in it, the foremost first: the
// first that is not the frame's own; 0 where there is none yet.
func behindFrame(frame uint32, inside []uint32) uint32 {
	for _, process := range inside {
		if process != 0 && process != frame {
			return process
		}
	}
	return 0
}

func shorten(name string) string {
	name = strings.ToValidUTF8(strings.TrimSpace(name), "\uFFFD")
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	return name
}
