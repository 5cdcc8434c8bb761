//go:build !windows

package browser

// SystemTree opens the system's accessibility interface; nil where addresses are not read through one.
var SystemTree func() (Tree, error)
