package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/service"
)

// asAdministrator is how a command is given an administrator's rights.
const asAdministrator = "open the terminal with “Run as administrator”"

// howProgramGoes is how the program itself is removed, where that is more than its file.
const howProgramGoes = " (if a package installed it: Settings, Apps, Dayline agent, Uninstall)"

// whereLogIs is where the service says why it ended.
const whereLogIs = "Event Viewer, Windows Logs, Application, source dayline-agent"

// programData is asked of the system: the variable of that name is anybody's.
func programData() string {
	folder, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		return `C:\ProgramData`
	}
	return folder
}

func defaultState() string { return filepath.Join(programData(), "Dayline", "agent") }

// socketOf is the named pipe at which the service of a state folder listens.
func socketOf(state string) string {
	const name = `\\.\pipe\dayline-agent`
	if state == defaultState() {
		return name
	}
	if absolute, err := filepath.Abs(state); err == nil {
		state = absolute
	}
	sum := sha256.Sum256([]byte(strings.ToLower(state)))
	return name + "-" + hex.EncodeToString(sum[:8])
}

// makeSocketFolder: a pipe is in none.
func makeSocketFolder(string) error { return nil }

// systemCarriers are where an administrator leaves an enrolment string.
func systemCarriers() []enroll.Carrier {
	return []enroll.Carrier{enroll.Managed("the registry's policy", policyString), enroll.Installed(service.InstalledPackage)}
}

// policyKey is where a policy sets what only administrators may change.
const policyKey = `SOFTWARE\Policies\Dayline`

// policyString is the enrolment string that a policy set for this computer.
func policyString() (string, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, policyKey, registry.QUERY_VALUE)
	if errors.Is(err, fs.ErrNotExist) {
		return "", enroll.ErrNoString
	}
	if err != nil {
		return "", err
	}
	defer key.Close()
	text, _, err := key.GetStringValue("EnrollmentString")
	if errors.Is(err, fs.ErrNotExist) || err == nil && text == "" {
		err = enroll.ErrNoString
	}
	return text, err
}

// ceiling is the device's own limit.
func ceiling() string { return filepath.Join(programData(), "Dayline", "ceiling.json") }
