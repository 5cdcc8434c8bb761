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
	"strings"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/shared/unit"
)

// updates is what systemd does for updates: update.Host without its questions.
type updates struct {
	// program is exchanged; its service's state is in the folder.
	program, folder string
	// free: this process is not confined as the service is, and does itself what that has systemd do.
	free bool
}

// asidePrefix and asideSuffix stand around the name of the program that lies aside.
const (
	asidePrefix = "."
	asideSuffix = "-watcher"
)

// ownUpdates are those of the program that this one is, or watches.
func ownUpdates(folder string) (updates, error) {
	own, err := ownPath()
	program := watchedBy(own)
	return updates{program: program, folder: folder, free: own != program}, err
}

// watchedBy is the program that one that lies aside watches; of any other it is that itself.
func watchedBy(program string) string {
	folder, name := filepath.Split(program)
	if !strings.HasPrefix(name, asidePrefix) || !strings.HasSuffix(name, asideSuffix) {
		return program
	}
	return folder + strings.TrimSuffix(strings.TrimPrefix(name, asidePrefix), asideSuffix)
}

// Target implements update.Host.
func (u updates) Target() string { return u.program }

// Aside implements update.Host.
func (u updates) Aside() string {
	return filepath.Join(filepath.Dir(u.program), asidePrefix+filepath.Base(u.program)+asideSuffix)
}

// Able implements update.Host. That a disk is mounted to be read only where the program lies, and not as a whole, is seen when the
// watcher is placed: to the service all is.
func (u updates) Able(context.Context) error {
	if packageOf(u.program) != "" {
		return update.ErrPackaged
	}
	if !managed() {
		return ErrNoServiceManager
	}
	text, err := os.ReadFile(filepath.Join(unit.Local, "system", unit.Service))
	if err != nil || !strings.Contains(string(text), "\nExecStart="+u.program+" service\n") {
		return errors.New("it is not what this computer's service runs")
	}
	for _, folder := range []string{filepath.Dir(u.program), unit.Local} {
		if err := writable(folder); err != nil {
			return err
		}
	}
	return fitForSystem(u.program)
}

// Watch implements update.Host.
func (u updates) Watch(ctx context.Context) error {
	if _, err := os.Stat(unit.Watching(u.Aside(), u.folder)[0].Path); err == nil {
		return systemctl("start", "--no-block", unit.Watcher)
	}
	if !u.free {
		return u.outside(ctx, "place")
	}
	err := plainPath(u.Aside() + u.folder)
	if err == nil {
		err = update.CopyAside(u.program, u.Aside())
	}
	for _, file := range unit.Watching(u.Aside(), u.folder) {
		if err == nil {
			err = placeUnit(file)
		}
	}
	if err == nil {
		err = systemctl("daemon-reload")
	}
	if err == nil {
		err = systemctl("start", "--no-block", unit.Watcher)
	}
	if err != nil {
		return fmt.Errorf("service: watch: %w", err)
	}
	return nil
}

// Unwatch implements update.Host.
func (u updates) Unwatch(ctx context.Context) error {
	placed := []string{u.Aside()}
	for _, file := range unit.Watching(u.Aside(), u.folder) {
		placed = append([]string{file.Path}, placed...)
	}
	if !anyThere(append(placed, update.Beside(u.program)...)) {
		return nil
	}
	if !u.free {
		return u.outside(ctx, "remove")
	}
	var problems []error
	if own, _ := ownPath(); managed() && own != u.Aside() {
		problems = append(problems, systemctl("stop", unit.Watcher))
	}
	// The unit before its program: as long as there is one, the other is whole.
	for _, name := range placed {
		problems = append(problems, removeFile(name))
	}
	if managed() {
		problems = append(problems, systemctl("daemon-reload"))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("service: unwatch: %w", err)
	}
	return nil
}

// outside has systemd run `update` of our program, which is not confined then, and waits for it. No argument is anybody's but ours.
func (u updates) outside(ctx context.Context, what string) error {
	ctx, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	said, err := exec.CommandContext(ctx, "systemd-run", "--quiet", "--collect", "--wait", "--pipe", "--unit="+Name+"-update-"+what,
		u.program, "update", "--"+what, "--state", u.folder).CombinedOutput()
	if err != nil {
		return fmt.Errorf("service: %s the watcher: %w: %s", what, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// PlaceWatcher is Watch, and RemoveWatcher Clean, by a process that systemd runs for the confined service.
func PlaceWatcher(ctx context.Context, folder string) error {
	own, err := freely(folder)
	if err != nil {
		return err
	}
	return own.Watch(ctx)
}

// RemoveWatcher removes the watcher, and what updates left.
func RemoveWatcher(ctx context.Context, folder string) error {
	own, err := freely(folder)
	if err != nil {
		return err
	}
	return update.Clean(ctx, folder, own)
}

func freely(folder string) (*Exchange, error) {
	own, err := NewExchange(folder, nil)
	own.free = true
	return own, err
}

// Stop implements update.Host: systemd ends by force what does not end.
func (u updates) Stop(context.Context) error { return Stop() }

// Start implements update.Host. What was started too often before is so no more.
func (u updates) Start(context.Context) error {
	_ = systemctl("reset-failed", unit.Service) // where it did not fail there is nothing to forget
	return Start()
}

// writable tells why nobody may write a folder: its disk is read-only.
func writable(folder string) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var stat unix.Stat_t
	if err := unix.Stat(folder, &stat); err != nil {
		return &fs.PathError{Op: "stat", Path: folder, Err: err}
	}
	if readOnly(string(mounts), fmt.Sprintf("%d:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev))) {
		return fmt.Errorf("%s is on a disk that is read-only", folder)
	}
	return nil
}

// readOnly tells whether a disk is, by what proc(5) tells of mounts. What a line says before its dash is of one place alone: to the
// confined service nearly all places are read-only.
func readOnly(mounts, device string) bool {
	for line := range strings.Lines(mounts) {
		mount, disk, _ := strings.Cut(line, " - ")
		place, options := strings.Fields(mount), strings.Fields(disk)
		if len(place) > 2 && place[2] == device && len(options) == 3 {
			return slices.Contains(strings.Split(options[2], ","), "ro")
		}
	}
	return false
}

func anyThere(names []string) bool {
	for _, name := range names {
		if _, err := os.Lstat(name); err == nil {
			return true
		}
	}
	return false
}
