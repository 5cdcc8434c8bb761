package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/windows/registry"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/extension"
)

// browsers of a computer where the registry leads them.
type browsers struct {
	// system is what the table of browsers calls it.
	system string
}

func ownBrowsers() browsers { return browsers{extension.Windows} }

// views are the registry's two: a browser of 32 bits reads another than one of 64.
var views = []uint32{registry.WOW64_64KEY, registry.WOW64_32KEY}

// introduce has browsers know the program at this path as the extension's host, also those that are installed later. The
// manifests lie beside the program, where every user may read them.
func (s browsers) introduce(program string) error {
	return forEach(s.hosts(program), func(b extension.Browser, file extension.File) error {
		manifest := filepath.Join(filepath.Dir(program), file.Name)
		problems := []error{disk.Replace(manifest, file.Content)}
		for _, key := range extension.HostPlaces(b, s.system) {
			for _, view := range views {
				problems = append(problems, inKey(key, view, func(key registry.Key) error { return key.SetStringValue("", manifest) }))
			}
		}
		return errors.Join(problems...)
	})
}

// inKey changes what is in a key, which is made where it is missing.
func inKey(path string, view uint32, change func(registry.Key) error) error {
	key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, path, registry.SET_VALUE|view)
	if err == nil {
		err = errors.Join(change(key), key.Close())
	}
	if err != nil {
		return fmt.Errorf("registry: %s: %w", path, err)
	}
	return nil
}

// dismiss takes back what introduce and force wrote.
func (s browsers) dismiss(program string) error {
	var problems []error
	for _, b := range extension.Browsers() {
		for _, key := range extension.HostPlaces(b, s.system) {
			for _, view := range views {
				problems = append(problems, removeKey(key, view))
			}
		}
		policy := extension.PolicyPlace(b, s.system)
		if settings, _ := extensionSettings(policy); extension.Ours([]byte(settings)) {
			problems = append(problems, inKey(policy, registry.WOW64_64KEY, func(key registry.Key) error { return key.DeleteValue(extension.PolicyName) }))
			prune(policy, registry.WOW64_64KEY)
		}
	}
	manifests, err := filepath.Glob(filepath.Join(filepath.Dir(program), extension.Host+".*.json"))
	for _, manifest := range manifests {
		problems = append(problems, os.Remove(manifest))
	}
	return errors.Join(append(problems, err)...)
}

// removeKey removes a key, none there is no error, and those that it leaves empty.
func removeKey(path string, view uint32) error {
	above, name := cutKey(path)
	err := deleteKey(above, name, view)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("registry: %s: %w", path, err)
	}
	prune(above, view)
	return nil
}

// systemKeys are not removed, however empty.
var systemKeys = []string{`SOFTWARE`, `SOFTWARE\Microsoft`, `SOFTWARE\Policies`, `SOFTWARE\Policies\Microsoft`}

// prune removes a key in which nothing is, and those above that this leaves so.
func prune(path string, view uint32) {
	for !slices.Contains(systemKeys, path) {
		key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|view)
		if err != nil {
			return
		}
		info, err := key.Stat()
		key.Close()
		if err != nil || info.SubKeyCount+info.ValueCount > 0 {
			return
		}
		above, name := cutKey(path)
		if deleteKey(above, name, view) != nil {
			return
		}
		path = above
	}
}

// deleteKey removes a key below another, opened in the view that is meant: the system's call knows no views.
func deleteKey(above, name string, view uint32) error {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, above, registry.QUERY_VALUE|view)
	if err != nil {
		return err
	}
	defer key.Close()
	return registry.DeleteKey(key, name)
}

// cutKey parts the last name from a key's path.
func cutKey(path string) (above, name string) {
	at := strings.LastIndexByte(path, '\\')
	return path[:at], path[at+1:]
}

// force writes each browser's policy, where nobody else has one that it would put out of force.
func (s browsers) force(source extension.Source, say func(string)) error {
	say("Firefox installs the extension once Mozilla has signed it; Chrome, Chromium, Edge and Brave heed the policy only where an organization " +
		"manages the computer (Active Directory, Entra ID, Chrome Enterprise Core), else the extension has to be in their store: docs/extension.md")
	made := func(b extension.Browser) ([]extension.File, error) {
		settings, err := extension.Settings(b, source)
		if err != nil {
			return nil, err
		}
		return []extension.File{{Name: extension.PolicyPlace(b, s.system), Content: settings}}, nil
	}
	return forEach(made, func(b extension.Browser, policy extension.File) error {
		if said, more := extensionSettings(policy.Name); more || said != "" && !extension.Ours([]byte(said)) {
			say(othersPolicy(b, s.system, `HKLM\`+policy.Name+`\`+extension.PolicyName))
			return nil
		}
		return inKey(policy.Name, registry.WOW64_64KEY, func(key registry.Key) error {
			return key.SetStringValue(extension.PolicyName, string(policy.Content))
		})
	})
}

// extensionSettings reads what a browser is told of extensions: the value, and whether a key of that name says more, as it may too.
func extensionSettings(path string) (settings string, more bool) {
	if key, err := registry.OpenKey(registry.LOCAL_MACHINE, path+`\`+extension.PolicyName, registry.QUERY_VALUE|registry.WOW64_64KEY); err == nil {
		key.Close()
		more = true
	}
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return "", more
	}
	defer key.Close()
	// Of Firefox's administrators' templates it is several strings.
	if settings, _, err = key.GetStringValue(extension.PolicyName); err != nil {
		several, _, _ := key.GetStringsValue(extension.PolicyName) // none says nothing
		settings = strings.Join(several, "\n")
	}
	return settings, more
}

// appPaths is where installed programs are registered, for all or for one user:
// https://learn.microsoft.com/windows/win32/shell/app-registration
const appPaths = `SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\`

// installed tells whether a browser is there.
func (s browsers) installed(b extension.Browser) bool {
	return slices.ContainsFunc(extension.Programs(b, s.system), func(program string) bool {
		for _, root := range []registry.Key{registry.LOCAL_MACHINE, registry.CURRENT_USER} {
			if key, err := registry.OpenKey(root, appPaths+program, registry.QUERY_VALUE|registry.WOW64_64KEY); err == nil {
				key.Close()
				return true
			}
		}
		return false
	})
}

// found are the host manifests that a browser finds, nil for one that it does not.
func (s browsers) found(b extension.Browser) [][]byte {
	var found [][]byte
	for _, path := range extension.HostPlaces(b, s.system) {
		for _, view := range views {
			var content []byte
			if key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|view); err == nil {
				manifest, _, _ := key.GetStringValue("") // none is not there
				key.Close()
				content, _ = os.ReadFile(manifest) // nil says it
			}
			found = append(found, content)
		}
	}
	return found
}
