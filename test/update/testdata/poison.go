// This file is linked into the newer agent of the tests alone (go build -overlay). What it is to do stands in a file beside the program;
// without one it is as good as any.
package main

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

const (
	poisonFile = "/usr/local/bin/dayline-agent.poison"
	mutedBy    = "DAYLINE_TEST_MUTED"
)

func init() {
	kind, err := os.ReadFile(poisonFile)
	if err != nil || len(os.Args) < 2 || os.Args[1] != "service" {
		return
	}
	switch string(kind) {
	case "crash":
		time.AfterFunc(time.Second, func() { panic("poisoned") })
	case "hang":
		select {}
	case "mute":
		// A network of its own, in which nobody is.
		if os.Getenv(mutedBy) != "" {
			return
		}
		runtime.LockOSThread()
		if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
			panic(err)
		}
		panic(syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), mutedBy+"=yes")))
	case "spoil":
		file, err := os.OpenFile("/var/lib/dayline-agent/buffer.db", os.O_WRONLY, 0)
		if err != nil {
			panic(err)
		}
		for page := range 8 {
			if _, err := file.WriteAt(make([]byte, 512), int64(page*4096)); err != nil {
				panic(err)
			}
		}
		if err := file.Close(); err != nil {
			panic(err)
		}
	}
}
