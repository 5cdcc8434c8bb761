//go:build unix

package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/shared/disk"
)

// macWatcher is launchd's name of what watches an update, while one is under way. The profile that keeps our jobs on knows them by
// their beginning.
const (
	macWatcher      = MacBundle + ".update"
	macWatcherPlist = "/Library/LaunchDaemons/" + macWatcher + ".plist"
	watcherTarget   = systemDomain + "/" + macWatcher
)

// watcherPlist is the watcher's job: it starts with the system, and again where it could not go on.
const watcherPlist = plistHead + `	<key>Label</key>
	<string>` + macWatcher + `</string>
	<key>ProgramArguments</key>
	<array>
		<string>@EXECUTABLE@</string>
		<string>update</string>
		<string>--watch</string>
		<string>--managed</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<dict>
		<key>SuccessfulExit</key>
		<false/>
	</dict>
	<key>ProcessType</key>
	<string>Standard</string>
` + plistFoot

const (
	// macAsideSuffix stands before the ending of the bundle that lies aside, and asidePoint before all of its name.
	macAsideSuffix = "-watcher"
	macAsidePoint  = "."
	bundleEnding   = ".app"
)

// macUpdates is what launchd does for updates: update.Host without its questions. The state is where the service has it always.
type macUpdates struct {
	macInstall
	// bundle is exchanged; its service's state is in the folder.
	bundle, folder string
	// watches: this process is the watcher.
	watches bool
}

// macUpdatesOf are those of the bundle that a program is in, or watches. One that is in none is itself what is not exchanged.
func macUpdatesOf(m macInstall, program, folder string) macUpdates {
	own, err := bundleOf(program)
	if err != nil {
		own = program
	}
	bundle := watchedByMac(own)
	return macUpdates{macInstall: m, bundle: bundle, folder: folder, watches: own != bundle}
}

// watchedByMac is the bundle that one that lies aside watches; of any other it is that itself.
func watchedByMac(bundle string) string {
	folder, name := filepath.Split(bundle)
	name, aside := strings.CutPrefix(name, macAsidePoint)
	name, suffixed := strings.CutSuffix(name, macAsideSuffix+bundleEnding)
	if !aside || !suffixed {
		return bundle
	}
	return folder + name + bundleEnding
}

// Target implements update.Host.
func (u macUpdates) Target() string { return u.bundle }

// Aside implements update.Host.
func (u macUpdates) Aside() string {
	folder, name := filepath.Split(u.bundle)
	return folder + macAsidePoint + strings.TrimSuffix(name, bundleEnding) + macAsideSuffix + bundleEnding
}

// inMac is the program in a bundle of ours.
func inMac(bundle string) string {
	return filepath.Join(bundle, strings.TrimPrefix(macProgram, MacApp))
}

// Able implements update.Host. The job may be of another version, which is no matter.
func (u macUpdates) Able(context.Context) error {
	runs, err := macPlist("<string>@EXECUTABLE@</string>", inMac(u.bundle))
	if err != nil {
		return err
	}
	if daemon, err := os.ReadFile(u.at(MacDaemonPlist)); err != nil || !bytes.Contains(daemon, runs) || u.folder != u.at(MacState) {
		return errors.New("it is not what this computer's service runs")
	}
	folder := filepath.Dir(u.bundle)
	if err := unix.Access(folder, unix.W_OK); err != nil {
		return &fs.PathError{Op: "write", Path: folder, Err: err}
	}
	return u.fit(inMac(u.bundle))
}

// Watch implements update.Host.
func (u macUpdates) Watch(context.Context) error {
	if _, err := os.Stat(u.at(macWatcherPlist)); err != nil {
		if err := u.placeWatcher(); err != nil {
			return fmt.Errorf("service: watch: %w", err)
		}
	}
	if u.loaded(watcherTarget) {
		_ = u.ask("kickstart", watcherTarget) // launchd complains where it runs
		return nil
	}
	if err := u.bootstrap(systemDomain, macWatcher, u.at(macWatcherPlist)); err != nil {
		return fmt.Errorf("service: watch: %w", err)
	}
	return nil
}

// placeWatcher leaves the job to last: as long as there is one, what it runs is whole. One that took itself back, and was not let go
// of since, is of another update.
func (u macUpdates) placeWatcher() error {
	plist, err := macPlist(watcherPlist, inMac(u.Aside()))
	if err == nil {
		err = u.bootout(watcherTarget)
	}
	if err == nil {
		err = update.CopyAside(u.bundle, u.Aside())
	}
	if err == nil {
		err = placePublic(u.at(macWatcherPlist), plist)
	}
	return err
}

// Unwatch implements update.Host.
func (u macUpdates) Unwatch(ctx context.Context) error {
	var problems []error
	if !u.watches {
		problems = append(problems, u.bootout(watcherTarget))
	}
	for _, name := range []string{u.at(macWatcherPlist), u.Aside(), u.Aside() + ".new"} {
		problems = append(problems, disk.RemoveAll(name))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("service: unwatch: %w", err)
	}
	if u.watches {
		// It ends this process, and is not waited for longer than that. Where it fails the next service has launchd let go.
		_ = exec.CommandContext(ctx, u.launchctl, "bootout", watcherTarget).Run()
	}
	return nil
}

// Stop implements update.Host: launchd ends by force what has not ended by its ExitTimeOut.
func (u macUpdates) Stop(context.Context) error { return u.stop() }

// Start implements update.Host. A service that was stopped may be another program than before: the helper in each login, which the
// service had end as it stopped, becomes that too, and is judged with it. One whose person switched it off stays off.
func (u macUpdates) Start(context.Context) error {
	if u.loaded(daemonTarget) {
		_ = u.ask("kickstart", daemonTarget) // launchd complains where it runs
		return nil
	}
	if _, err := os.Stat(u.at(MacDaemonPlist)); err != nil {
		return ErrNotInstalled
	}
	if err := u.bootstrap(systemDomain, macDaemon, u.at(MacDaemonPlist)); err != nil {
		return err
	}
	// One that this does not reach the service has end, which takes longer: launchd starts none twice within its ThrottleInterval.
	logins, _ := u.logins()
	for _, uid := range logins {
		if u.loaded(agentTarget(uid)) {
			_ = u.ask("kickstart", "-k", agentTarget(uid))
		}
	}
	return nil
}
