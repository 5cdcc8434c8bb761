package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/unit"
)

// What the scripts of packages say by the environment: that it is they who ask, and that the state stays.
const (
	removesVariable = "DAYLINE_PACKAGE_REMOVES"
	keepVariable    = "DAYLINE_KEEP_DATA"
)

// Complete: the unit says it all, and the confined service may not write where browsers look.
func Complete() error { return nil }

func ownBrowsers() browsers { return browsers{system: extension.Linux} }

// packageOf is the kind of package that a program is of; "" for none.
func packageOf(executable string) string {
	if executable != unit.PackagedProgram {
		return ""
	}
	kind, _ := os.ReadFile(unit.PackageFile) // none says nothing
	return strings.TrimSpace(string(kind))
}

// removers are how a package is removed, with all that it put there. No argument is anybody's but ours.
var removers = map[string][]string{
	release.Deb: {"dpkg", "--purge", Name},
	release.RPM: {"rpm", "--erase", Name},
}

// plainPath refuses a path that units and entries would read otherwise than it is.
func plainPath(path string) error {
	if strings.ContainsAny(path, " \t\n\"'\\%$;{}") {
		return fmt.Errorf("the path %q holds characters that units cannot carry", path)
	}
	return nil
}

// Install installs the binary at this path as the system service, with the session helper, and starts both, the helper in
// every session that there is; the service alone starts later, with the system, where ImageVariable is set. Over an older
// installation it renews the files and keeps identity and buffer. What a package put there stays as it is, and goes before
// what an installation without one left. What could not be done, and can be done without, is said.
func Install(executable string, say func(string)) error {
	later := os.Getenv(ImageVariable) == "1"
	if !managed() && !later {
		return ErrNoServiceManager
	}
	executable, err := filepath.EvalSymlinks(executable)
	if err == nil {
		err = fitForSystem(executable)
	}
	if err == nil {
		err = plainPath(executable)
	}
	if err == nil && packageOf(executable) != "" {
		err = removeUnpacked()
	} else if err == nil {
		err = errors.Join((updates{program: executable, free: true}).Unwatch(context.Background()), place(executable))
	}
	if err == nil {
		if err := ownBrowsers().introduce(executable); err != nil {
			say(err.Error())
		}
	}
	if err == nil && !later {
		err = restarted(say)
	}
	if err != nil {
		return fmt.Errorf("service: install: %w", err)
	}
	return nil
}

// place writes all that starts the program.
func place(executable string) error {
	if packageOf(unit.PackagedProgram) != "" {
		return errors.New("a package has installed it already: remove that first (dayline-agent uninstall --keep-data keeps the identity)")
	}
	for _, file := range append(unit.Files(executable, unit.Local), unit.Enabled(unit.Local)) {
		if err := placeUnit(file); err != nil {
			return err
		}
	}
	return nil
}

func placeUnit(file unit.File) error {
	if file.Target == "" {
		return placePublic(file.Path, []byte(file.Content))
	}
	if err := makePublic(filepath.Dir(file.Path)); err != nil {
		return err
	}
	if err := os.Symlink(file.Target, file.Path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// removeUnpacked removes what an installation without a package wrote and what would go before a package's: its units, and the
// program itself. What was enabled stays so. A unit that an administrator masked, which is a link, stays.
func removeUnpacked() error {
	problems := []error{(updates{program: unit.UnpackedProgram, free: true}).Unwatch(context.Background())}
	for _, file := range unit.Files(unit.UnpackedProgram, unit.Local) {
		info, err := os.Lstat(file.Path)
		if err != nil || file.Path == unit.Autostart || (file.Target == "") != info.Mode().IsRegular() {
			continue
		}
		problems = append(problems, os.Remove(file.Path))
	}
	removeFolders()
	enabled := unit.Enabled(unit.Vendor)
	if target, err := os.Readlink(enabled.Path); err == nil && target == unit.Enabled(unit.Local).Target {
		problems = append(problems, os.Remove(enabled.Path), placeUnit(enabled))
	}
	return errors.Join(append(problems, removeFile(unit.UnpackedProgram))...)
}

// Uninstall stops service and helpers and takes back everything Install put there, the program too where install.sh did so, and
// the state, unless keep. Of a package its manager is asked, which has its script ask us for what the package does not know.
func Uninstall(executable, folder string, keep Keep) error {
	executable, err := filepath.EvalSymlinks(executable)
	if err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("service: uninstall: %w", fs.ErrPermission)
	}
	kind := packageOf(executable)
	byPackage := os.Getenv(removesVariable) == "1"
	if kind != "" && !byPackage {
		return removePackage(kind, keep)
	}
	if os.Getenv(keepVariable) == "1" && byPackage {
		keep = KeepData
	}
	// First, since it would start the service again.
	if err := update.End(context.Background(), folder, &Exchange{updates: updates{program: executable, folder: folder, free: true}}); err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	if managed() {
		// While it runs, nothing is taken from under it.
		if err := stopped(); err != nil {
			return fmt.Errorf("service: uninstall: %w", err)
		}
	}
	problems := []error{removeFile(unit.Enabled("").Path)}
	_ = os.Remove(filepath.Dir(unit.Enabled("").Path)) // only if nothing else of anybody's is in it
	problems = append(problems, ownBrowsers().dismiss(executable))
	if kind == "" {
		problems = append(problems, removePlaced(executable))
	}
	if managed() {
		problems = append(problems, systemctl("daemon-reload"))
	}
	if keep != KeepData {
		problems = append(problems, removeState(folder), removeFile(unit.EnrollFile))
		_ = os.Remove(filepath.Dir(unit.EnrollFile)) // only if nothing of an administrator's is in it
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	return nil
}

func removePlaced(executable string) error {
	var problems []error
	for _, file := range unit.Files(executable, unit.Local) {
		problems = append(problems, removeFile(file.Path))
	}
	removeFolders()
	if executable == unit.UnpackedProgram {
		problems = append(problems, removeFile(executable))
	}
	return errors.Join(problems...)
}

// removeFolders removes those that place made, if nothing of anybody's is in them.
func removeFolders() {
	for _, folder := range []string{"user/graphical-session.target.wants", "system-preset"} {
		_ = os.Remove(filepath.Join(unit.Local, folder))
	}
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func removePackage(kind string, keep Keep) error {
	command, known := removers[kind]
	if !known {
		return fmt.Errorf("service: uninstall: %s tells of a package of the unknown kind %q", unit.PackageFile, kind)
	}
	remove := exec.Command(command[0], command[1:]...)
	if keep == KeepData {
		remove.Env = append(os.Environ(), keepVariable+"=1")
	}
	if output, err := remove.CombinedOutput(); err != nil {
		return fmt.Errorf("service: uninstall: %s: %w: %s", command[0], err, output)
	}
	return nil
}

// UninstallLater has systemd uninstall us from outside: the service may neither change those files nor outlive its own
// stop. No argument is anybody's but ours.
func UninstallLater(executable string) error {
	if !managed() {
		return ErrNoServiceManager
	}
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	command := exec.CommandContext(ctx, "systemd-run", "--no-block", "--collect", "--unit=dayline-agent-uninstall", executable, "uninstall")
	if err := command.Run(); err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	return nil
}
