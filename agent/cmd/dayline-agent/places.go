package main

import "path/filepath"

// ownFolders are those that nobody but the service may change: the state folder, and what holds it where that is ours
// too. Where these and other things are is told by the file of each system.
func ownFolders(state string) []string {
	if parentIsOurs && state == defaultState() {
		return []string{filepath.Dir(state), state}
	}
	return []string{state}
}
