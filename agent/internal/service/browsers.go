package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dayline-project/dayline/shared/extension"
)

// ownPath is this program's, without links.
func ownPath() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(program)
}

// ForceExtension has the computer's browsers install the extension, as far as the system lets an installer do so. What is left to
// administrators is said.
func ForceExtension(source extension.Source, say func(string)) error {
	if err := ownBrowsers().force(source, say); err != nil {
		return fmt.Errorf("service: extension: %w", err)
	}
	return nil
}

// forEach puts the files that are made for each browser, and gives all that went wrong; what several have in common, as that this
// build has no key, once.
func forEach(made func(extension.Browser) ([]extension.File, error), put func(extension.Browser, extension.File) error) error {
	var problems []error
	add := func(err error) {
		if err != nil && !slices.ContainsFunc(problems, func(told error) bool { return told.Error() == err.Error() }) {
			problems = append(problems, err)
		}
	}
	for _, b := range extension.Browsers() {
		files, err := made(b)
		add(err)
		for _, file := range files {
			add(put(b, file))
		}
	}
	return errors.Join(problems...)
}

// hosts makes the host manifests of a program at this path.
func (s browsers) hosts(program string) func(extension.Browser) ([]extension.File, error) {
	return func(b extension.Browser) ([]extension.File, error) {
		return extension.HostManifests(b, s.system, program)
	}
}

// othersPolicy is said of one that stays as it is.
func othersPolicy(b extension.Browser, system, place string) string {
	return fmt.Sprintf("%s: %s is another's and stays; add to it what is printed by: dayline-collector extension policy --browser %s --os %s",
		b.Name(), place, b, system)
}

// browserChecks look whether each installed browser finds this program.
func browserChecks() []Check {
	program, err := ownPath()
	if err != nil {
		return []Check{check("browsers", false, err.Error(), whereProgramsAre)}
	}
	var checks []Check
	browsers := ownBrowsers()
	for _, b := range extension.Browsers() {
		if browsers.installed(b) {
			checks = append(checks, hostCheck(b, browsers.system, program, browsers.found(b)))
		}
	}
	return checks
}

// hostCheck judges the manifests that a browser finds of its host, nil for one that is missing.
func hostCheck(b extension.Browser, system, program string, found [][]byte) Check {
	name := "host of " + b.Name()
	wanted, err := extension.HostManifests(b, system, program)
	if err != nil {
		return check(name, false, err.Error(), "install a build that was made with the extension's key (docs/extension.md)")
	}
	for _, manifest := range found {
		var other struct{ Path string }
		switch {
		case bytes.Equal(manifest, wanted[0].Content):
			continue
		case json.Unmarshal(manifest, &other) != nil || other.Path == "":
			return check(name, false, "the browser does not know the agent", introduceAgain)
		case other.Path == program:
			return check(name, false, "introduced by another version", introduceAgain)
		}
		return check(name, false, "the browser knows another program: "+other.Path, introduceAgain)
	}
	return check(name, true, "the browser knows the agent", "")
}

// introduceAgain is what installing does too.
const introduceAgain = "as administrator: dayline-agent install"
