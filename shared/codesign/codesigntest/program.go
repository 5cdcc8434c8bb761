// Package codesigntest has programs for Macs that tests sign and check.
package codesigntest

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

var linked = map[string]func() ([]byte, error){"amd64": sync.OnceValues(link("amd64")), "arm64": sync.OnceValues(link("arm64"))}

func link(arch string) func() ([]byte, error) {
	return func() ([]byte, error) {
		folder, err := os.MkdirTemp("", "dayline-codesign-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(folder)
		source := filepath.Join(folder, "main.go")
		if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
			return nil, err
		}
		command := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(folder, "program"), source)
		command.Env = append(os.Environ(), "GOOS=darwin", "GOARCH="+arch, "CGO_ENABLED=0")
		if output, err := command.CombinedOutput(); err != nil {
			return nil, &exec.Error{Name: string(output), Err: err}
		}
		return os.ReadFile(filepath.Join(folder, "program"))
	}
}

// Program is a small program as Go's linker makes it for amd64 or arm64, linked once for each: for arm64 signed, by nobody
// but the linker, for amd64 not at all. It is not to be written to.
func Program(t testing.TB, arch string) []byte {
	t.Helper()
	file, err := linked[arch]()
	if err != nil {
		t.Fatal(err)
	}
	return file
}
