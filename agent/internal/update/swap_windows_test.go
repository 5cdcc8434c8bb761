package update

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"
)

// asHost has this test's program run until its input ends, as a browser's host does.
const asHost = "as-host"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == asHost {
		if _, err := os.Stdout.WriteString("."); err == nil {
			_, _ = io.Copy(io.Discard, os.Stdin)
		}
		return
	}
	os.Exit(m.Run())
}

// host runs a copy of this test's program at a path until it is ended.
func host(t *testing.T, path string) (end func()) {
	t.Helper()
	own, err := os.Executable()
	if err == nil {
		err = CopyAside(own, path)
	}
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path, asHost)
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err == nil {
		_, err = io.ReadFull(output, make([]byte, 1)) // then it has all of its files
	}
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if !ended {
			input.Close()
			if err := command.Wait(); err != nil {
				t.Error(err)
			}
		}
		ended = true
	}
	t.Cleanup(end)
	return end
}

// Programs that run keep their files: what is exchanged may be run by a browser, and so may what lay there before.
func TestProgramsThatRunAreExchanged(t *testing.T) {
	target := filepath.Join(t.TempDir(), "agent.exe")
	var ends []func()
	for range 3 {
		ends = append(ends, host(t, target))
		if err := os.WriteFile(newOf(target), []byte("next"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := commit(t.Context(), target); err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(target); err != nil || string(content) != "next" {
			t.Fatalf("in its place is %.10q, %v", content, err)
		}
		if err := cleanBeside(target); err != nil {
			t.Errorf("what still runs is an error: %v", err)
		}
	}
	if left := Beside(target); len(left) != 3 {
		t.Errorf("beside it lie %q", left)
	}
	for _, end := range ends {
		end()
	}
	if err := cleanBeside(target); err != nil {
		t.Error(err)
	}
	if left := Beside(target); len(left) != 0 {
		t.Errorf("left %q", left)
	}
}

func TestTheAccessListIsKept(t *testing.T) {
	folder := t.TempDir()
	former, next := filepath.Join(folder, "former"), filepath.Join(folder, "next")
	for _, name := range []string{former, next} {
		if err := os.WriteFile(name, nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	list := func(name string) string {
		descriptor, err := windows.GetNamedSecurityInfo(name, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
		if err != nil {
			t.Fatal(err)
		}
		return descriptor.String()
	}
	descriptor, err := windows.SecurityDescriptorFromString("D:P(A;;FA;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := descriptor.DACL()
	if err == nil {
		err = windows.SetNamedSecurityInfo(former, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, all, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if list(former) == list(next) {
		t.Fatalf("both begin with %s", list(next))
	}
	if err := keepAccess(next, former); err != nil {
		t.Fatal(err)
	}
	if list(former) != list(next) {
		t.Errorf("it has %s and not %s", list(next), list(former))
	}
}
