//go:build unix

package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/extension"
)

// macInstall installs and removes the service on a Mac.
type macInstall struct {
	launchd
	// ps, tccutil and pkgutil are paths of programs of the system's.
	ps, tccutil, pkgutil string
	// image: the disk is to be copied, and what is installed starts on the copies.
	image bool
	// root stands before every path: empty, but in tests.
	root string
}

func (m macInstall) at(path string) string { return filepath.Join(m.root, path) }

func (m macInstall) browsers() browsers { return browsers{system: extension.MacOS, root: m.root} }

// install installs the program at this path, which has no link in it, over whatever is installed already. What goes on
// is closed by the old service first; every graphical login that is there has the new helper at once, the switched-out
// too, and each later one by itself.
func (m macInstall) install(executable string, say func(string)) error {
	if err := m.fit(executable); err != nil {
		return err
	}
	daemon, err := macPlist(daemonPlist, executable)
	if err != nil {
		return err
	}
	agent, err := macPlist(agentPlist, executable)
	if err != nil {
		return err
	}
	logins, err := m.logins()
	if err != nil {
		say(err.Error())
	}
	// An update that is under way ends: what is installed goes before it.
	if err := macUpdatesOf(m, executable, m.at(MacState)).Unwatch(context.Background()); err != nil {
		return err
	}
	if err := m.bootout(daemonTarget); err != nil {
		return err
	}
	for _, uid := range logins {
		if err := m.bootout(agentTarget(uid)); err != nil {
			say(err.Error())
		}
	}
	for path, text := range map[string][]byte{
		MacDaemonPlist: daemon, MacAgentPlist: agent, MacPathFile: []byte(filepath.Dir(executable) + "\n"),
	} {
		if err := placePublic(m.at(path), text); err != nil {
			return err
		}
	}
	if err := m.browsers().introduce(executable); err != nil {
		say(err.Error())
	}
	if m.image {
		return nil
	}
	if err := m.bootstrap(systemDomain, macDaemon, m.at(MacDaemonPlist)); err != nil {
		return err
	}
	if err := m.startAgents(logins); err != nil {
		say(err.Error())
	}
	return nil
}

// startAgents starts the helper in each of these logins that has none.
func (m macInstall) startAgents(logins []uint32) error {
	var problems []error
	for _, uid := range logins {
		if m.loaded(agentTarget(uid)) {
			continue
		}
		if err := m.bootstrap(guiDomain(uid), macAgent, m.at(MacAgentPlist)); err != nil {
			problems = append(problems, fmt.Errorf("user %d is observed from the next login on: %w", uid, err))
		}
	}
	return errors.Join(problems...)
}

// fit refuses a program that others than administrators may exchange: not only the file and its folder, since a bundle
// lies some folders deep.
func (m macInstall) fit(executable string) error {
	for path := executable; path != filepath.Clean(m.root+"/"); path = filepath.Dir(path) {
		if err := onlyOurs(path); err != nil {
			return err
		}
	}
	return nil
}

// start starts the service that is installed, and the helper in each login that has none; what runs is left so.
func (m macInstall) start() error {
	if _, err := os.Stat(m.at(MacDaemonPlist)); err != nil {
		return ErrNotInstalled
	}
	if m.loaded(daemonTarget) {
		// launchd keeps it running anyway, and complains where it does so now.
		_ = m.ask("kickstart", daemonTarget)
	} else if err := m.bootstrap(systemDomain, macDaemon, m.at(MacDaemonPlist)); err != nil {
		return err
	}
	logins, err := m.logins()
	return errors.Join(err, m.startAgents(logins))
}

// stop stops it, until it is started or the computer is; one that does not run is left so.
func (m macInstall) stop() error {
	if _, err := os.Stat(m.at(MacDaemonPlist)); err != nil && !m.loaded(daemonTarget) {
		return ErrNotInstalled
	}
	return m.bootout(daemonTarget)
}

// uninstall stops everything and takes back what install and the service put there, and the bundle; state too, unless
// that is kept.
func (m macInstall) uninstall(folder string, keep Keep) error {
	// First, since the watcher of an update would start the service again.
	problems := []error{update.End(context.Background(), folder, macUpdates{macInstall: m, bundle: m.at(MacApp), folder: folder})}
	logins, err := m.logins()
	problems = append(problems, err, m.bootout(daemonTarget))
	for _, uid := range logins {
		problems = append(problems, m.bootout(agentTarget(uid)))
	}
	for _, path := range []string{MacAgentPlist, MacDaemonPlist, MacPathFile, MacSocket, filepath.Dir(MacSocket)} {
		if err := os.Remove(m.at(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	problems = append(problems, m.browsers().dismiss(""))
	if keep != KeepData {
		problems = append(problems, removeState(folder))
		// Only if nothing of an administrator's is in it.
		_ = os.Remove(m.at(filepath.Dir(MacState)))
		// The permissions are of a program that is no more. Before it goes: it is looked for by its identifier.
		_, _ = output(m.tccutil, "reset", "All", MacBundle)
	}
	problems = append(problems, disk.RemoveAll(m.at(MacApp)))
	// The receipt of its package, where one brought it: device management would take the program for installed.
	_, _ = output(m.pkgutil, "--forget", MacBundle)
	_ = os.Remove(m.at(filepath.Dir(MacApp)))
	return errors.Join(problems...)
}

// firstPerson is the lowest number of a person's account; those below are the system's.
const firstPerson = 500

// logins are the accounts that have a graphical login now, also one that is switched out: each has a Dock and a Finder of
// its own.
func (m macInstall) logins() ([]uint32, error) {
	told, err := output(m.ps, "-axwwo", "uid=,comm=")
	if err != nil {
		return nil, err
	}
	return graphicalLogins(told), nil
}

// graphicalLogins reads what ps told: a number and a program's path on each line.
func graphicalLogins(told string) []uint32 {
	var found []uint32
	for line := range strings.Lines(told) {
		number, program, _ := strings.Cut(strings.TrimSpace(line), " ")
		uid, err := strconv.ParseUint(number, 10, 32)
		switch strings.TrimSpace(program) {
		case "/System/Library/CoreServices/Dock.app/Contents/MacOS/Dock", "/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder":
			if err == nil && uid >= firstPerson {
				found = append(found, uint32(uid))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// uninstaller is a process that uninstalls us and outlives our own stop: in a session of its own, and launchd is told by
// AbandonProcessGroup to let it be. No argument is anybody's but ours.
func uninstaller(executable string) *exec.Cmd {
	command := exec.Command(executable, "uninstall")
	command.Dir, command.SysProcAttr = "/", &syscall.SysProcAttr{Setsid: true}
	return command
}
