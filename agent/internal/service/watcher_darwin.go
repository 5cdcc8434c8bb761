package service

// updates is what launchd does for updates.
type updates = macUpdates

// ownUpdates are those of the program that this one is, or watches.
func ownUpdates(folder string) (updates, error) {
	own, err := ownPath()
	return macUpdatesOf(thisMac(), own, folder), err
}
