package macho

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const identifier = "org.dayline.agent"

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A small program stands for the agent: linked once for each processor.
var linked = map[string]func() ([]byte, error){"amd64": sync.OnceValues(link("amd64")), "arm64": sync.OnceValues(link("arm64"))}

func link(arch string) func() ([]byte, error) {
	return func() ([]byte, error) {
		folder, err := os.MkdirTemp("", "dayline-macho-")
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

func program(t *testing.T, arch string) []byte {
	t.Helper()
	file, err := linked[arch]()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFirst(t *testing.T) {
	var thin [][]byte
	for _, arch := range []string{"amd64", "arm64"} {
		s, err := Seal{Identifier: identifier, InfoPlist: []byte("a"), Resources: []byte("b")}.Sign(program(t, arch))
		if err != nil {
			t.Fatal(err)
		}
		thin = append(thin, s)
	}
	u, err := Universal(thin...)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(u); err != nil {
		t.Error(err)
	}
}
