package service

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// processGone tells whether a process has ended, waited for or not (proc(5): the state follows the name's bracket).
func processGone(pid int) bool {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	_, rest, found := strings.Cut(string(raw[max(strings.LastIndexByte(string(raw), ')'), 0):]), ") ")
	return found && (strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X"))
}
