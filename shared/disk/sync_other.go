//go:build !unix

package disk

// SyncFolder: a folder cannot be synced there, and NTFS journals what happens in it.
func SyncFolder(string) error { return nil }
