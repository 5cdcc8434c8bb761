//go:build !darwin

package update

import "io"

func unpack(packed io.Reader, to string) error { return unpackProgram(packed, to) }

// programIn is the program in what is exchanged: that itself.
func programIn(target string) string { return target }
