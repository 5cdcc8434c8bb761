package observe

import "github.com/dayline-project/dayline/agent/internal/sys/win"

// executable is the path of what a process runs; of one that shows us nothing of itself, as those of other accounts, the
// name of the file alone.
func executable(process uint32) string {
	if path, err := win.Executable(process); err == nil {
		return path
	}
	name, err := win.ProgramFile(process)
	if err != nil {
		return ""
	}
	return name
}
