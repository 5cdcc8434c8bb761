package update

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/shared/disk"
)

// watched is the part of a Host that cleaning up takes.
type watched interface {
	Target() string
	Unwatch(ctx context.Context) error
}

// Clean removes what an update left, where none is under way: in the state folder, beside the program, and the watcher. The marker and
// what is known of keys and channel stay, and the log of the version that failed last.
func Clean(ctx context.Context, state string, host watched) error {
	return errors.Join(cleanState(state), host.Unwatch(ctx), cleanBeside(host.Target()))
}

// passing are the files of one update in Folder, by pattern; disk.Replace leaves one with a point before its name where it is cut off.
var passing = []string{"*.part", "staged*", startsFile, FormerBuffer + "*", ".*"}

func cleanState(state string) error {
	var problems []error
	for _, name := range matching(filepath.Join(state, Folder), passing...) {
		problems = append(problems, disk.RemoveAll(name))
	}
	return errors.Join(problems...)
}

// cleanBeside removes what lies beside the program. One that still runs, as a browser's host does, may stay until the next time.
func cleanBeside(target string) error {
	var problems []error
	for _, name := range Beside(target) {
		if err := disk.RemoveAll(name); !disk.Held(err) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// Beside are the files that an exchange left beside the program.
func Beside(target string) []string {
	name := filepath.Base(newOf(target))
	return matching(filepath.Dir(target), name, filepath.Base(oldOf(target))+"*")
}

// End ends an update that is under way, whoever's turn it is, with all that belongs to it: the program goes.
func End(ctx context.Context, state string, host watched) error {
	problems := []error{host.Unwatch(ctx)}
	if m, err := LoadMarker(state); err == nil && m.Step != "" {
		problems = append(problems, (&Marker{Failed: m.Failed}).Save(state))
	}
	return errors.Join(append(problems, Clean(ctx, state, host))...)
}

// matching are the files of a folder whose names match a pattern; of one that cannot be read none.
func matching(folder string, patterns ...string) (found []string) {
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		for _, pattern := range patterns {
			if matches, _ := filepath.Match(pattern, entry.Name()); matches { // each is a right one
				found = append(found, filepath.Join(folder, entry.Name()))
			}
		}
	}
	return found
}
