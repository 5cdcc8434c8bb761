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

func shorten(name string) string {
	name = strings.ToValidUTF8(strings.TrimSpace(name), "\uFFFD")
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	return name
}
