package service

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/shared/disk"
)

// inSharedFolder gives the path of a state folder as the service's: in a folder that is in ProgramData.
func inSharedFolder(t *testing.T) string {
	shared, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		t.Fatal(err)
	}
	parent := filepath.Join(shared, "dayline-test-"+filepath.Base(t.TempDir())+t.Name())
	t.Cleanup(func() {
		found, err := filepath.Glob(parent + "*")
		for _, folder := range found {
			err = disk.RemoveAll(folder)
		}
		if err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(parent, "agent")
}

// plant makes a folder that anybody may write, with a file in it.
func plant(t *testing.T, folder string) (file string) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := setAccess(folder, "D:P(A;OICI;FA;;;WD)"); err != nil {
		t.Fatal(err)
	}
	if standing, err := disk.StandingOf(folder); err != nil || standing != disk.Open {
		t.Fatalf("planted with standing %v, %v", standing, err)
	}
	file = filepath.Join(folder, "ceiling.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func guarded(t *testing.T, folder string) {
	t.Helper()
	if standing, err := disk.StandingOf(folder); err != nil || standing != disk.Guarded {
		t.Errorf("%s: standing %v, %v", folder, standing, err)
	}
}

func TestStateFolderAndWhatHoldsItAreMadeOurs(t *testing.T) {
	folder := inSharedFolder(t)
	for range 2 {
		if moved, err := Prepare(folder); err != nil || moved != "" {
			t.Fatalf("moved to %q: %v", moved, err)
		}
		guarded(t, filepath.Dir(folder))
		guarded(t, folder)
	}
	if err := removeState(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Dir(folder)); !os.IsNotExist(err) {
		t.Errorf("what held it is left: %v", err)
	}
}

func TestAStateFolderThatAnybodyMayWriteIsMovedAside(t *testing.T) {
	folder := inSharedFolder(t)
	if err := os.Mkdir(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	plant(t, folder)
	moved, err := Prepare(folder)
	if err != nil || moved == "" {
		t.Fatalf("moved to %q: %v", moved, err)
	}
	if _, err := os.Lstat(filepath.Join(moved, "ceiling.json")); err != nil {
		t.Errorf("it was not kept: %v", err)
	}
	guarded(t, folder)
	if found, err := os.ReadDir(folder); err != nil || len(found) != 0 {
		t.Errorf("made anew it holds %v, %v", found, err)
	}
}

// What an administrator made beforehand stays, and is closed to others.
func TestAnAdministratorsFolderIsClosedToOthers(t *testing.T) {
	folder := inSharedFolder(t)
	ceiling := plant(t, filepath.Dir(folder))
	moved, err := Prepare(folder)
	if err != nil || moved != "" {
		t.Fatalf("moved to %q: %v", moved, err)
	}
	if _, err := os.Lstat(ceiling); err != nil {
		t.Errorf("what it held is gone: %v", err)
	}
	guarded(t, filepath.Dir(folder))
	if err := removeState(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(ceiling); err != nil {
		t.Errorf("uninstalling took what is the administrator's: %v", err)
	}
}

func TestAStateFolderElsewhereIsMadeWithWhatHoldsIt(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b", "state")
	if moved, err := Prepare(folder); err != nil || moved != "" {
		t.Fatalf("moved to %q: %v", moved, err)
	}
	guarded(t, folder)
}
