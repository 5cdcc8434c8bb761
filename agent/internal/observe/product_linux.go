package observe

import (
	"os"
	"path/filepath"
	"strings"
)

// systemNames gives the names for people of programs in front, as desktop entries tell them; empty where none does.
func systemNames() func(Window) string {
	s := &shelf{folders: entryFolders()}
	return func(w Window) string { return s.product(w.App, w.Class) }
}

// entryFolders are those of the person and of the system, in the order of precedence (XDG Base Directory Specification).
func entryFolders() []string {
	home := os.Getenv("XDG_DATA_HOME")
	if home == "" && os.Getenv("HOME") != "" {
		home = filepath.Join(os.Getenv("HOME"), ".local", "share")
	}
	system := os.Getenv("XDG_DATA_DIRS")
	if system == "" {
		system = "/usr/local/share:/usr/share:/var/lib/flatpak/exports/share:/var/lib/snapd/desktop"
	}
	var folders []string
	for _, folder := range append([]string{home}, strings.Split(system, ":")...) {
		if filepath.IsAbs(folder) {
			folders = append(folders, filepath.Join(folder, "applications"))
		}
	}
	return folders
}
