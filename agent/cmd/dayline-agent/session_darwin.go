package main

import (
	"runtime"

	"github.com/dayline-project/dayline/agent/internal/sys/mac/native"
)

// The main goroutine keeps the main thread, whose run loop is the one that macOS tells a session's process on.
func init() { runtime.LockOSThread() }

// withRunLoop runs work while the main thread runs its run loop.
func withRunLoop(work func() int) int { return native.Main(work) }
