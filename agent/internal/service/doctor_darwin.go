package service

import (
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/shared/codesign"
)

// SystemChecks are what the command itself can ask, also where no service answers.
func SystemChecks() []Check {
	id, err := ownIdentity()
	checks := []Check{identityCheck(id.Requirement, id.AdHoc, err)}
	// launchd tells people of their own login alone.
	if uid, somebody, err := atConsole(console); err == nil && somebody && (os.Getuid() == 0 || uint32(os.Getuid()) == uid) {
		checks = append(checks, agentCheck(thisMac().launchd, uid))
	}
	return append(checks, browserChecks()...)
}

// ownIdentity is that of the bundle that this program is in.
func ownIdentity() (codesign.Identity, error) {
	executable, err := os.Executable()
	if err == nil {
		executable, err = filepath.EvalSymlinks(executable)
	}
	if err != nil {
		return codesign.Identity{}, err
	}
	bundle, err := bundleOf(executable)
	if err != nil {
		return codesign.Identity{}, err
	}
	files, err := codesign.Load(os.DirFS(bundle))
	if err != nil {
		return codesign.Identity{}, err
	}
	return codesign.CheckBundle(files)
}
