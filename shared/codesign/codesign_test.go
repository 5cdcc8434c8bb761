package codesign

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// linked is a program that Go's linker built for the Mac, and for arm64 signed.
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

func program(t *testing.T, arch string) []byte {
	t.Helper()
	file, err := linked[arch]()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// What Go's linker signs by itself, which shares no code with us, is read and found right.
func TestTheLinkersSignature(t *testing.T) {
	codes, err := Read(program(t, "arm64"))
	if err != nil || len(codes) != 1 {
		t.Fatal(codes, err)
	}
	s := codes[0].Signature
	if codes[0].CPU != ARM64 || s == nil || s.Identifier != "a.out" || s.Flags != AdHoc|LinkerSigned || s.Requirement != nil {
		t.Errorf("%+v", s)
	}
	id, err := Check(program(t, "arm64"), nil, nil)
	if err != nil || !id.AdHoc || id.Signer != nil || !strings.HasPrefix(id.Requirement, `cdhash H"`) {
		t.Errorf("%+v, %v", id, err)
	}
	codes, err = Read(program(t, "amd64"))
	if err != nil || codes[0].CPU != X8664 || codes[0].Signature != nil {
		t.Fatal(codes, err)
	}
	if _, err := Check(program(t, "amd64"), nil, nil); err == nil {
		t.Error("what is not signed is found right")
	}
}
