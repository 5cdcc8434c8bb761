//go:build !unix

package disk

// syncFolder: a folder cannot be synced there, and NTFS journals the rename.
func syncFolder(string) error { return nil }
