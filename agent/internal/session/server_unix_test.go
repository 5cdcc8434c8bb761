//go:build unix

package session

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/dayline-project/dayline/shared/stream"
)

// socketFor is a place that nobody listens at.
func socketFor(t *testing.T) string { return filepath.Join(t.TempDir(), "agent.sock") }

// occupy has nothing to do where no connection stands before somebody accepts it.
func occupy(*testing.T, string) {}

func TestAnotherAgentIsNotPushedAside(t *testing.T) {
	path, handler := serveEcho(t)
	if _, err := Listen(path, handler, slog.Default()); err == nil {
		t.Error("two services on one socket")
	}
}

func TestASocketIsNotPutWhereAnybodyMay(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(filepath.Join(folder, "agent.sock"), &echo{}, slog.Default()); err == nil {
		t.Error("a socket where anybody could put another")
	}
	if os.Geteuid() != 0 {
		return // only root can give a folder away
	}
	if err := errors.Join(os.Chmod(folder, 0o755), os.Chown(folder, 12345, -1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(filepath.Join(folder, "agent.sock"), &echo{}, slog.Default()); err == nil {
		t.Error("a socket in somebody's folder")
	}
}

func TestDirectoryAccountsAreKnownByTheirDirectory(t *testing.T) {
	for name, want := range map[string]stream.Login{
		"anna@corp.example.com": {Authority: "corp.example.com", Account: "anna", Name: `corp.example.com\anna`},
		`CORP\anna`:             {Authority: "corp", Account: "anna", Name: `CORP\anna`},
		"anna":                  {Account: "anna", Name: `desk-1\anna`},
	} {
		if got := directoryLogin(name, "desk-1.example.com"); got != want {
			t.Errorf("%s is %+v", name, got)
		}
	}
}
