//go:build !darwin

package main

// withRunLoop runs work; a run loop is macOS's.
func withRunLoop(work func() int) int { return work() }
