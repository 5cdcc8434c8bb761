package host

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// processOf gives a process's name and parent, by proc(5).
func processOf(pid int) (name string, parent int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, err
	}
	// As in "4711 (sh) S 4700 …", and a name may have brackets in it.
	opens, closes := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
	if opens < 0 || closes < opens {
		return "", 0, errors.New("host: process: no name")
	}
	fields := strings.Fields(string(text[closes+1:]))
	if len(fields) < 2 {
		return "", 0, errors.New("host: process: no parent")
	}
	parent, err = strconv.Atoi(fields[1])
	return string(text[opens+1 : closes]), parent, err
}
