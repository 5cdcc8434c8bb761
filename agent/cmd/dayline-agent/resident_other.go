//go:build !linux

package main

import "runtime/debug"

// shrink gives back the heap that initialisation left.
func shrink() { debug.FreeOSMemory() }
