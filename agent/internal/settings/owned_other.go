//go:build !unix

package settings

import "os"

// readOwned reads a file in a folder that its access list protects.
func readOwned(path string) ([]byte, error) { return os.ReadFile(path) }
