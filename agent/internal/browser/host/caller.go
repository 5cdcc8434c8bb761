package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/shared/extension"
)

const (
	chromiumScheme = "chrome-extension://"
	manifestSuffix = ".json"
)

// ErrForeign is told of an extension that is not ours.
var ErrForeign = errors.New("host: not our extension")

// Called tells whether a browser started this program as a native messaging host, by the arguments: those of Chromium's kind give
// the extension's origin, Firefox the manifest's path and the extension's id
// (https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Native_messaging).
func Called(args []string) bool {
	return len(args) > 0 && strings.HasPrefix(args[0], chromiumScheme) ||
		len(args) > 1 && filepath.IsAbs(args[0]) && strings.EqualFold(filepath.Ext(args[0]), manifestSuffix)
}

// Check tells whether the extension it was called for is ours. The manifest says so to the browser already, but anybody may have
// written one.
func Check(args []string) error {
	if !strings.HasPrefix(args[0], chromiumScheme) {
		return among(args[1], extension.FirefoxID)
	}
	ids, err := extension.ChromiumIDs()
	if err != nil {
		return fmt.Errorf("host: %w", err)
	}
	return among(args[0], ids...)
}

// among tells whether an origin or an id is one of these.
func among(caller string, ids ...string) error {
	id := strings.TrimSuffix(strings.TrimPrefix(caller, chromiumScheme), "/")
	if !slices.Contains(ids, id) {
		return ErrForeign
	}
	return nil
}

// shells are what may stand between a browser and this program.
var shells = []string{"sh", "dash", "bash", "zsh", "cmd.exe"}

// Browser is the process of the browser that started this program: its parent, or where that is a shell, the shell's.
func Browser() int {
	pid := os.Getppid()
	for range 2 {
		name, parent, err := processOf(pid)
		if err != nil || !slices.Contains(shells, strings.ToLower(name)) {
			break
		}
		pid = parent
	}
	return pid
}
