package wine

import (
	"os"
	"strings"
	"testing"
)

func TestAMachineBootsShowsWindowsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	m := New(t)
	printed, err := m.Run(t.Context(), "cmd", "/c", "ver")
	if err != nil || !strings.Contains(string(printed), "Windows 10.") {
		t.Errorf("version %q, %v", printed, err)
	}
	if _, err := m.Run(t.Context(), "cmd", "/c", "exit 3"); err == nil {
		t.Error("a command that failed did not")
	}
	one, _, err := m.Open(t.Context(), Program{File: "one.exe", Description: "One"}, "first")
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := m.Open(t.Context(), Program{File: "two.exe"}, "second")
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range []func() error{
		func() error { _, err := one.Front(); return err },
		func() error { _, err := one.Retitle("other"); return err },
		func() error { _, err := one.Input(); return err },
		two.Close,
		func() error { return os.WriteFile(m.Path(`C:\ProgramData\kept`), []byte("x"), 0o600) },
		func() error { return m.Reboot(t.Context()) },
	} {
		if err := act(); err != nil {
			t.Error(err)
		}
	}
	if pids := m.PIDs("one.exe"); len(pids) != 0 {
		t.Errorf("%d programs outlive a power cut", len(pids))
	}
	if _, err := os.Stat(m.Path(`C:\ProgramData\kept`)); err != nil {
		t.Error(err)
	}
	if _, err := two.Front(); err == nil {
		t.Error("a program that is closed obeys")
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if pids := m.PIDs(""); len(pids) != 0 {
		t.Errorf("%d processes are left", len(pids))
	}
}
