//go:build unix

package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/extension"
)

// browsers of a computer where they read files.
type browsers struct {
	// system is what the table of browsers calls it.
	system string
	// root stands before every path: empty, but in tests.
	root string
}

func (s browsers) at(place string) string { return filepath.Join(s.root, place) }

// lib64 is where Fedora and its kin keep libraries, and their Firefox its own; elsewhere little more than a loader is in it.
const lib64 = "/usr/lib64"

// counts tells whether a browser may look there.
func (s browsers) counts(place string) bool {
	if !strings.HasPrefix(place, lib64) {
		return true
	}
	_, err := os.Stat(s.at(lib64 + "/libc.so.6"))
	return err == nil
}

// introduce has browsers know the program at this path as the extension's host, also those that are installed later. What says
// so already is left, so that a package's files are as the package has them.
func (s browsers) introduce(program string) error {
	return forEach(s.hosts(program), func(_ extension.Browser, file extension.File) error {
		if !s.counts(file.Name) {
			return nil
		}
		if content, err := os.ReadFile(s.at(file.Name)); err == nil && bytes.Equal(content, file.Content) {
			return nil
		}
		return placePublic(s.at(file.Name), file.Content)
	})
}

// dismiss takes back what introduce and force wrote.
func (s browsers) dismiss(string) error {
	var problems []error
	for _, b := range extension.Browsers() {
		for _, place := range extension.HostPlaces(b, s.system) {
			problems = append(problems, s.remove(place))
		}
		policy := extension.PolicyPlace(b, s.system)
		if content, err := os.ReadFile(s.at(policy)); err == nil && extension.Ours(content) {
			problems = append(problems, s.remove(policy))
		}
	}
	return errors.Join(problems...)
}

// systemFolders are not removed, however empty.
var systemFolders = []string{"/etc", "/etc/opt", "/usr/lib", lib64, "/Library", "/Library/Application Support", "/"}

// remove removes a file, and the folders that it leaves empty.
func (s browsers) remove(place string) error {
	if err := os.Remove(s.at(place)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	for folder := filepath.Dir(place); !slices.Contains(systemFolders, folder); folder = filepath.Dir(folder) {
		if os.Remove(s.at(folder)) != nil {
			break
		}
	}
	return nil
}

// force writes each browser's policy, where nobody else has one that it would put out of force.
func (s browsers) force(source extension.Source, say func(string)) error {
	if s.system == extension.MacOS {
		say("macOS heeds what browsers are told by management profiles alone, so that nothing was written: docs/extension.md says how to hand them out")
		return nil
	}
	made := func(b extension.Browser) ([]extension.File, error) { return extension.Policy(b, s.system, source) }
	return forEach(made, func(b extension.Browser, file extension.File) error {
		if other := s.anothers(file.Name); other != "" {
			say(othersPolicy(b, s.system, other))
			return nil
		}
		return placePublic(s.at(file.Name), file.Content)
	})
}

// anothers finds the file in the folder of policies by which somebody else already says ExtensionSettings, or says all: of a
// policy that two files set, and of Firefox's whole file, a browser takes one. None is "".
func (s browsers) anothers(place string) string {
	if content, err := os.ReadFile(s.at(place)); err == nil && !extension.Ours(content) {
		return place
	}
	beside, _ := os.ReadDir(filepath.Dir(s.at(place))) // none says nothing
	for _, entry := range beside {
		other := filepath.Join(filepath.Dir(place), entry.Name())
		content, err := os.ReadFile(s.at(other))
		var policies map[string]json.RawMessage
		if err != nil || other == place || json.Unmarshal(content, &policies) != nil {
			continue
		}
		if _, said := policies[extension.PolicyName]; said {
			return other
		}
	}
	return ""
}

// installed tells whether a browser is there.
func (s browsers) installed(b extension.Browser) bool {
	return slices.ContainsFunc(extension.Programs(b, s.system), func(program string) bool {
		_, err := os.Stat(s.at(program))
		return err == nil
	})
}

// found are the host manifests that a browser finds, nil for one that it does not.
func (s browsers) found(b extension.Browser) [][]byte {
	var found [][]byte
	for _, place := range extension.HostPlaces(b, s.system) {
		if s.counts(place) {
			content, _ := os.ReadFile(s.at(place)) // nil says it
			found = append(found, content)
		}
	}
	return found
}

// placePublic writes a file that everybody may read and only we may change, whatever is kept from others by default.
func placePublic(path string, text []byte) error {
	if err := makePublic(filepath.Dir(path)); err != nil {
		return err
	}
	if err := disk.Replace(path, text); err != nil {
		return err
	}
	return os.Chmod(path, 0o644)
}

// makePublic makes a folder that everybody may enter, with what is missing above it.
func makePublic(folder string) error {
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return nil
	}
	if err := makePublic(filepath.Dir(folder)); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	return os.Chmod(folder, 0o755)
}
