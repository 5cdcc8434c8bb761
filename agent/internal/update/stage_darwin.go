package update

import (
	"io"
	"path/filepath"
)

func unpack(packed io.Reader, to string) error { return unpackBundle(packed, to) }

// programIn is the program in what is exchanged. The signature in it covers the whole bundle.
func programIn(target string) string { return filepath.Join(target, "Contents/MacOS/dayline-agent") }
