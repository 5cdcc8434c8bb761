//go:build !unix

package health

// localZone: Windows has names of its own; the offset does.
func localZone() string { return "" }
