//go:build unix

package service

import (
	"fmt"
	"strings"
)

// agentCheck looks whether launchd has a helper for who looks at the screen.
func agentCheck(l launchd, uid uint32) Check {
	const name = "launchd's helper"
	domain := guiDomain(uid)
	switch {
	case l.disabled(domain, macAgent):
		return check(name, false, fmt.Sprintf("disabled for user %d", uid),
			fmt.Sprintf("launchctl enable %s; then %s", agentTarget(uid), toBeObserved))
	case !l.loaded(agentTarget(uid)):
		return check(name, false, fmt.Sprintf("not there for user %d", uid), toBeObserved)
	}
	return check(name, true, fmt.Sprintf("there for user %d", uid), "")
}

// identityCheck judges what macOS knows the program by, which is what its permissions are given to.
func identityCheck(requirement string, adHoc bool, err error) Check {
	const name = "program's identity"
	switch {
	case err != nil:
		return check(name, false, err.Error(), whereProgramsAre)
	case adHoc:
		return check(name, false, "signed ad hoc: macOS knows this build alone, and each update loses the permissions",
			"sign the releases by a certificate of your own (mkinstaller certificate)")
	}
	return check(name, true, requirement, "")
}

// bundleOf is the bundle that a program is in.
func bundleOf(executable string) (string, error) {
	bundle, _, found := strings.Cut(executable, ".app/Contents/MacOS/")
	if !found {
		return "", fmt.Errorf("%s is in no bundle", executable)
	}
	return bundle + ".app", nil
}
